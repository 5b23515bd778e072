import { expect, test } from 'vitest'
import type { HeldAnswer, RecordAnswer } from '../../../src/http/routes/answers.ts'
import { usageExample } from '../../../src/http/openapi/openapi-examples.ts'
import { commandsFor, problemsOf, remedyFor } from '../../../status-page/problems.ts'

function record(id: number, state: RecordAnswer['state'], lastCode: string | null): RecordAnswer {
  const [first] = usageExample.settled
  if (first === undefined) throw new Error('the example does not have a record')
  const movedTo = state === 'moved' ? '2026-03-10T11:00:00.000Z' : null
  const lastMessage = lastCode && `${lastCode}, so do this.`
  return { ...first, id, state, lastCode, lastMessage, movedTo }
}

function heldHour(): HeldAnswer {
  const [first] = usageExample.held
  if (first === undefined) throw new Error('the example holds nothing')
  return first
}

test('records with the same problem are grouped, and those that need a person come first', () => {
  const problems = problemsOf({
    ...usageExample,
    pending: [
      record(1, 'sealed', 'ThrottlingException'),
      record(2, 'refused', 'AccessDeniedException'),
      record(3, 'sending', 'ThrottlingException'),
      record(4, 'refused', 'InvalidTagException'),
    ],
    settled: [record(5, 'unresolved', 'DuplicateRequestException'), record(6, 'moved', 'X')],
    held: [
      { ...heldHour(), id: 7 },
      { ...heldHour(), id: 8 },
    ],
  })
  expect(problems.map(({ kind, items }) => [kind, ...items.map(({ id }) => id)])).toEqual([
    ['unresolved', 5],
    ['refused', 2],
    ['refused', 4],
    ['held', 7, 8],
    ['waiting', 1, 3],
    ['moved', 6],
  ])
  expect(problems[1]).toMatchObject({ message: 'AccessDeniedException, so do this.' })
  expect(problems.map(commandsFor)).toEqual([
    [
      'marketplace-sidecar ledger resolve 5 --delivered',
      'marketplace-sidecar ledger resolve 5 --resend',
    ],
    ['marketplace-sidecar ledger retry 2'],
    ['marketplace-sidecar ledger retry 4'],
    ['marketplace-sidecar ledger release 7'],
    [],
    [],
  ])
})

test('a record that is fine, or was decided, is not a problem', () => {
  const pending = [record(1, 'sealed', null)]
  const settled = [
    record(2, 'accepted', null),
    record(3, 'accepted', 'ResolvedDelivered'),
    record(4, 'moved', 'ResolvedResend'),
  ]
  expect(problemsOf({ ...usageExample, pending, settled, held: [] })).toEqual([])
})

test('a record whose usage is held is not said to be billed with a later hour', () => {
  const late = { ...record(1, 'moved', 'TimestampOutOfBoundsException'), movedTo: null }
  const held = [{ ...heldHour(), id: 2, reason: 'late' as const }]
  const problems = problemsOf({ ...usageExample, pending: [], settled: [late], held })
  expect(problems.map(({ kind, code }) => [kind, code])).toEqual([['held', 'late']])
})

test('a record that moved after an outage gets advice for an outage', () => {
  const late = remedyFor({ kind: 'moved', code: 'TimestampOutOfBoundsException' })
  expect(late).toContain('as after an outage')
  expect(remedyFor({ kind: 'moved', code: 'DuplicateRequestException' })).toContain(
    'something else',
  )
})
