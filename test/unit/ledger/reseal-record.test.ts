import { describe, expect, test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const tags = canonicalTags([{ key: 'team', value: 'a' }])
const refusedAs = (code: string): Settlement => ({ kind: 'refused', code, message: 'refused' })
const lost: Settlement = { kind: 'unknown', code: 'TimeoutError', message: 'no answer' }

async function resealedAfter(tagged: boolean, ...answers: readonly Settlement[]) {
  const bench = await openBench()
  await bench.report('requests', 3n * unit)
  await bench.report('requests', 2n * unit, tagged ? { tags } : {})
  await bench.clock.advance(hourMs)
  const [before] = await sealHours(bench.ledger, bench.clock)
  const id = before?.id ?? 0
  for (const answer of answers) {
    await markSending(bench.ledger, id)
    await settle(bench.ledger, id, answer)
  }
  const resealed = await bench.ledger.resealRecord(id, clientTokenOf)
  const stored = await readBook(bench.directory, (book) => book.record(id))
  return { bench, before, resealed, stored }
}

test.each(['InvalidTagException', 'InvalidUsageAllocationsException'])(
  'a record is sealed again without tags after %s, with another client token',
  async (code) => {
    const { bench, before, resealed, stored } = await resealedAfter(true, refusedAs(code))
    expect(before?.allocations).toHaveLength(2)
    expect(resealed).toMatchObject({
      id: before?.id,
      state: 'sealed',
      quantity: 5_000_000n,
      timestamp: before?.timestamp,
      allocations: undefined,
      lastCode: code,
    })
    expect(resealed?.clientToken).not.toBe(before?.clientToken)
    expect(stored).toEqual(resealed)
    expect(await markSending(bench.ledger, before?.id ?? 0)).toMatchObject({
      allocations: undefined,
      clientToken: resealed?.clientToken,
    })
    expect(await bench.ledger.audit()).toMatchObject([{ recorded: 5n * unit, imbalance: 0n }])
  },
)

test.each([
  ['that was refused for another reason', true, [refusedAs('AccessDeniedException')]],
  ['that AWS may have', true, [lost, refusedAs('InvalidTagException')]],
  ['without tags', false, [refusedAs('InvalidUsageAllocationsException')]],
  ['that waits', true, []],
] as const)('a record %s stays as it is', async (_, tagged, answers) => {
  const { before, resealed, stored } = await resealedAfter(tagged, ...answers)
  expect(resealed).toBeUndefined()
  expect(stored?.clientToken).toBe(before?.clientToken)
  expect(stored?.allocations).toEqual(before?.allocations)
})

describe('a record that a clock an hour ahead has sealed', () => {
  async function sealedAhead(...answers: readonly Settlement[]) {
    const bench = await openBench()
    await bench.report('requests', 3n * unit)
    await bench.report('requests', 2n * unit, { tags })
    await bench.clock.advance(hourMs)
    const [before] = await sealHours(bench.ledger, bench.clock)
    const id = before?.id ?? 0
    for (const answer of answers) {
      await markSending(bench.ledger, id)
      await settle(bench.ledger, id, answer)
    }
    bench.clock.step(-hourMs)
    const reseal = () => bench.ledger.resealRecord(id, clientTokenOf)
    const stored = () => readBook(bench.directory, (book) => book.record(id))
    return { bench, before, reseal, stored }
  }

  test('gets the time of AWS in the same hour, with another token and the same tags', async () => {
    const { bench, before, reseal, stored } = await sealedAhead()
    const resealed = await reseal()
    expect(resealed).toEqual({
      ...before,
      timestamp: bench.clock.now(),
      clientToken: resealed?.clientToken,
    })
    expect(resealed?.clientToken).not.toBe(before?.clientToken)
    expect(await stored()).toEqual(resealed)
    expect(await bench.ledger.audit()).toMatchObject([{ recorded: 5n * unit, imbalance: 0n }])
    expect(await reseal()).toBeUndefined()
  })

  test('stays as it is while AWS may have it', async () => {
    const { before, reseal, stored } = await sealedAhead(lost)
    expect(await reseal()).toBeUndefined()
    expect((await stored())?.timestamp).toBe(before?.timestamp)
  })

  test('stays as it is before its hour begins at AWS', async () => {
    const { bench, reseal } = await sealedAhead()
    bench.clock.step(-hourMs)
    expect(await reseal()).toBeUndefined()
  })
})
