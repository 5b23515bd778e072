import { describe, expect, test } from 'vitest'
import type { BatchRecordResult, FailureKind } from '../../../../src/aws/metering-api.ts'
import { settlementsOf } from '../../../../src/channels/batch-meter-usage/settlements.ts'
import { hourMs } from '../../../../src/metering/hour.ts'
import { recordOf } from '../../../support/fleet/fleet.ts'

const records = [1, 2].map((id) => recordOf('saas', 9 * hourMs, id))
const failure = (kind: FailureKind, ambiguous = false) => ({
  code: 'SomeException',
  message: 'It was said',
  kind,
  ambiguous,
  advice: 'Do this.',
})

test('a record that AWS accepted has the id that AWS gave it', () => {
  const results = ['m-1', 'm-2'].map((meteringRecordId) => ({
    status: 'Success' as const,
    meteringRecordId,
  }))
  const outcomes = settlementsOf({ ok: true, value: { results } }, records, 'carry')
  expect(outcomes).toEqual(
    ['m-1', 'm-2'].map((meteringRecordId) => ({
      settlement: { kind: 'accepted', meteringRecordId },
      failure: undefined,
    })),
  )
})

test.each([
  ['CustomerNotSubscribed', 'refused', 'CustomerNotSubscribed', 'not-entitled', false, /no active/],
  ['DuplicateRecord', 'another-stands', 'DuplicateRecord', 'duplicate', false, /another quantity/],
  ['Unprocessed', 'not-taken', 'UnprocessedRecord', 'throttled', false, /not processed/],
  [undefined, 'unknown', 'ResultMissing', 'unavailable', true, /left the record out/],
] as const)('a record with the status %s is %s', (status, means, code, kind, ambiguous, said) => {
  const results = status === undefined ? [] : [{ status } as BatchRecordResult]
  const [outcome] = settlementsOf({ ok: true, value: { results } }, records.slice(0, 1), 'carry')
  expect(outcome?.failure).toEqual({
    code,
    kind,
    ambiguous,
    message: expect.stringMatching(said),
    advice: expect.stringMatching(/^[A-Z].*\.$/),
  })
  const message = `${outcome?.failure?.message} ${outcome?.failure?.advice}`
  expect(outcome?.settlement).toEqual({ kind: means, code, message })
})

test('a call that one record can fail is not taken for any of several, and is for one alone', () => {
  const answer = { ok: false, failure: failure('invalid') } as const
  const { code, message } = answer.failure
  for (const outcome of settlementsOf(answer, records, 'carry'))
    expect(outcome).toEqual({
      settlement: { kind: 'not-taken', code, message },
      failure: answer.failure,
      bisect: true,
    })
  const [alone] = settlementsOf(answer, records.slice(0, 1), 'carry')
  expect(alone).toEqual({
    settlement: { kind: 'refused', code, message: 'It was said. Do this.' },
    failure: answer.failure,
  })
})

test('a call that fails regardless of its records fails for each', () => {
  const kinds: FailureKind[] = ['throttled', 'unavailable', 'credentials', 'invalid', 'conflict']
  const bisected = kinds.filter((kind) =>
    settlementsOf({ ok: false, failure: failure(kind) }, records, 'carry').some(
      ({ bisect }) => bisect,
    ),
  )
  expect(bisected).toEqual(['invalid', 'conflict'])
  const lost = { ok: false, failure: failure('unavailable', true) } as const
  const outcomes = settlementsOf(lost, records, 'carry')
  expect(outcomes.map(({ settlement }) => settlement.kind)).toEqual(['unknown', 'unknown'])
})

test.each([
  ['CustomerNotSubscribed', 'carry', 'hold'],
  ['AnotherCode', 'carry', 'carry'],
  ['AnotherCode', 'hold', 'hold'],
] as const)('after %s what is too late is treated as %s says: %s', (lastCode, policy, then) => {
  const answer = { ok: false, failure: failure('out-of-window') } as const
  const [record] = records.map((each) => ({ ...each, lastCode }))
  const [outcome] = settlementsOf(answer, record === undefined ? [] : [record], policy)
  expect(outcome?.settlement).toMatchObject({ kind: 'too-late', policy: then })
})

describe('that a customer has no subscription', () => {
  const [first] = records
  const said = first && { ...first, lastCode: 'CustomerNotSubscribed' }
  const given = said === undefined ? [] : [said]
  const settlementFor = (kind: FailureKind, ambiguous: boolean, beside: typeof records = []) =>
    settlementsOf(
      { ok: false, failure: failure(kind, ambiguous) },
      [...given, ...beside],
      'carry',
    )[0]?.settlement

  test.each([
    ['throttled', false, 'not-taken'],
    ['unavailable', true, 'unknown'],
    ['credentials', false, 'refused'],
  ] as const)('stands after an answer that is %s', (kind, ambiguous, means) => {
    expect(settlementFor(kind, ambiguous)).toEqual({
      kind: means,
      code: 'CustomerNotSubscribed',
      message: expect.any(String),
    })
  })

  test('stands after a call that another record may have failed', () => {
    expect(settlementFor('invalid', false, records.slice(1))).toMatchObject({
      kind: 'not-taken',
      code: 'CustomerNotSubscribed',
    })
  })

  test('is over when AWS refuses the record itself for something else, or has it', () => {
    expect(settlementFor('invalid', false)).toMatchObject({
      kind: 'refused',
      code: 'SomeException',
    })
    const results = [{ status: 'DuplicateRecord' } as BatchRecordResult]
    const [outcome] = settlementsOf({ ok: true, value: { results } }, given, 'carry')
    expect(outcome?.settlement).toMatchObject({ kind: 'another-stands', code: 'DuplicateRecord' })
  })
})
