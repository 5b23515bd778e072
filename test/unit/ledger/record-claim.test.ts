import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'

type Bench = Awaited<ReturnType<typeof openBench>>

const record = { key: 'MeterUsage record-1', windowMs: 6 * hourMs }
const report = (quantity: bigint, team?: string) => ({
  ...reportOf('requests', quantity),
  ...(team !== undefined && { tags: canonicalTags([{ key: 'team', value: team }]) }),
})

async function send(bench: Bench, ...reports: readonly ReturnType<typeof report>[]) {
  const receipts = await bench.ledger.report({ reports, idempotencyKey: undefined, record })
  return receipts[0]?.result
}

const exists = expect.objectContaining({ code: 'RecordExists' })

describe('reports that are one record by AWS’s rule', () => {
  test('count once for the same quantity and allocations, in any order', async () => {
    const bench = await openBench()
    expect(await send(bench, report(unit, 'a'), report(2n * unit))).toBe('accepted')
    expect(await send(bench, report(2n * unit), report(unit, 'a'))).toBe('duplicate')
    await expect(send(bench, report(3n * unit))).rejects.toEqual(exists)
    expect((await bench.ledger.usage()).open).toMatchObject([{ quantity: 3n * unit }])
  })

  test('count once when they arrive at the same moment', async () => {
    const bench = await openBench()
    const results = await Promise.all(Array.from({ length: 20 }, () => send(bench, report(unit))))
    expect(results.filter((result) => result === 'accepted')).toHaveLength(1)
  })

  test('stand until 25 hours after the window of their record', async () => {
    const bench = await openBench()
    await send(bench, report(unit))
    await bench.clock.advance(30 * hourMs)
    await bench.ledger.prune()
    await expect(send(bench, report(2n * unit))).rejects.toEqual(exists)
    await bench.clock.advance(2 * hourMs)
    await bench.ledger.prune()
    expect(await send(bench, report(2n * unit))).toBe('accepted')
  })
})
