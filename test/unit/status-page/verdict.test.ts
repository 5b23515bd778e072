import { expect, test } from 'vitest'
import { entitledExample, usageExample } from '../../../src/http/openapi/openapi-examples.ts'
import type { EntitlementAnswer, UsageAnswer } from '../../../src/http/routes/answers.ts'
import { verdictOf } from '../../../status-page/verdict.ts'

const fine: UsageAnswer = { ...usageExample, pending: [], held: [] }
const entitled: EntitlementAnswer = { ...entitledExample, state: 'entitled', code: 'Entitled' }
const [accepted] = usageExample.settled
const [refused] = usageExample.pending
const [held] = usageExample.held

test('everything is fine', () => {
  expect(verdictOf(entitled, fine)).toEqual({ level: 'good', text: 'Healthy' })
})

test.each([
  ['denied', 'CustomerNotEntitledException', 'Blocked: the buyer has no subscription'],
  ['denied', 'AccessDeniedException', 'Blocked: IAM permission missing'],
  ['denied', 'InvalidProductCodeException', 'Blocked: InvalidProductCodeException'],
  ['denied-by-iam', 'AccessDeniedException', 'Blocked: IAM permission missing'],
  ['unreachable', 'ETIMEDOUT', 'Blocked: AWS does not answer'],
  ['grace', 'ETIMEDOUT', 'Still running, but AWS does not answer'],
  ['starting', 'Starting', 'Starting'],
] as const)('the state %s with %s is %s', (state, code, text) => {
  expect(verdictOf({ ...entitled, state, code }, fine).text).toBe(text)
})

test('what costs money comes before what repairs itself', () => {
  if (accepted === undefined || refused === undefined || held === undefined)
    throw new Error('the example has no records')
  const unresolved = {
    ...accepted,
    state: 'unresolved' as const,
    lastCode: 'DuplicateRequestException',
  }
  const waiting = { ...refused, state: 'sealed' as const, lastCode: 'ThrottlingException' }
  const textOf = (more: Partial<UsageAnswer>) => verdictOf(entitled, { ...fine, ...more }).text
  expect(textOf({ pending: [waiting] })).toBe('Retrying 1 record: nothing is lost')
  expect(textOf({ pending: [waiting], held: [held] })).toBe('Action needed: 1 hour of usage held')
  expect(textOf({ pending: [waiting, refused], held: [held] })).toBe(
    'Action needed: IAM permission missing, 1 record refused',
  )
  const wrong = { ...refused, lastCode: 'InvalidUsageDimensionException' }
  expect(textOf({ pending: [refused, wrong] })).toBe('Action needed: AWS refuses 2 records')
  expect(textOf({ pending: [refused], settled: [unresolved], unresolvedCount: 3 })).toBe(
    'Action needed: decide about 3 records that AWS may have billed',
  )
})
