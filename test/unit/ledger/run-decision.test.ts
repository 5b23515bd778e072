import { expect, test } from 'vitest'
import { readDecisions } from '../../../src/ledger/decisions/trail.ts'
import { decisionsNote } from '../../../src/store/summary.ts'
import { writeOffUsage } from '../../../src/ledger/decisions/write-off.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'

const writeOff = (quantity: bigint) => ({
  action: 'void' as const,
  decide: (page: Parameters<typeof writeOffUsage>[0], now: number) =>
    writeOffUsage(
      page,
      { dimension: 'requests', quantity, tags: undefined, customer: '', reason: 'x' },
      now,
    ),
  about: () => ({ id: null, dimension: 'requests', hour: null, quantity: '1', reason: 'x' }),
})

test('a refused decision undoes what it had changed, and the rest of its group is kept', async () => {
  const { ledger, report, clock } = await openBench()
  await report('requests', 5n * unit)
  const together = await Promise.allSettled([
    report('requests', unit),
    ledger.decide(writeOff(50n * unit)),
    ledger.decide(writeOff(unit)),
    ledger.decide(writeOff(2n * unit)),
    report('requests', unit),
  ])
  expect(together.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  expect(together[1]).toMatchObject({ reason: { code: 'UsageNotFound' } })
  const [sums] = await ledger.audit()
  expect(sums).toMatchObject({
    reported: 7n * unit,
    open: 4n * unit,
    void: 3n * unit,
    imbalance: 0n,
  })
  const about = { id: null, dimension: 'requests', hour: null, quantity: '1', reason: 'x' }
  const entry = { at: clock.now(), action: 'void', ...about }
  expect(readDecisions(await ledger.recall(decisionsNote))).toEqual([
    { ...entry, number: 1 },
    { ...entry, number: 2 },
  ])
})
