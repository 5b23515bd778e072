import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { ReadingAggregate } from '../../../src/metering/reading.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { reportOf, temporaryDirectory } from '../../support/ledger/ledger-bench.ts'
import { openLedger } from '../../support/ledger/open-ledger.ts'
import { hoursOf, plainTotal, type PlainReading } from '../../support/ledger/plain-readings.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Events } from '../../../src/kernel/events.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const runs = Number(process.env['MODEL_RUNS'] ?? 40)
const staleMs = 300_000
const dimension = 'hosts'

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      tags: fc.constantFrom(untagged, canonicalTags([{ key: 'team', value: 'a' }])),
      quantity: fc.bigInt({ min: 0n, max: 9_000_000n }),
      member: fc.constantFrom('ada', 'bob', 'cy', 'dee'),
      // How far back it lies: most of this moment, some out of order, some of an earlier hour.
      backMs: fc.oneof(fc.constant(0), fc.nat({ max: 60_000 }), fc.nat({ max: 3 * hourMs })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(
        fc.nat({ max: 30_000 }),
        fc.nat({ max: 20 * 60_000 }),
        fc.nat({ max: 3 * hourMs }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

describe.each<ReadingAggregate>(['max', 'last', 'unique', 'integral'])('%s', (aggregate) => {
  test('comes to what a plain model says, whatever the order, restarts and late readings', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock()
        const directory = temporaryDirectory()
        const open = () =>
          openLedger({
            directory,
            resource: 'task/one',
            clock,
            events: new Events(),
            log: createSilentLog(),
            meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate }),
            maxTagSets: 2500,
            readings: { maxReadings: 10_000, newSecret: () => 'secret' },
            dataSync: () => Promise.resolve(),
            onFatal: () => {},
          })
        let ledger = await open()
        const reported: PlainReading[] = []
        const closed = new Set<number>()
        const firstAt = clock.now()
        for (const each of steps) {
          if (each.kind === 'wait') {
            await clock.advance(each.ms)
            await sealHours(ledger, clock)
            for (const reading of reported.filter(({ late }) => !late))
              for (const hour of hoursOf(reading, staleMs))
                if (hour < hourOf(clock.now())) closed.add(hour)
          } else if (each.kind === 'restart') {
            await ledger.close()
            ledger = await open()
          } else {
            const at = Math.max(clock.now() - each.backMs, firstAt - hourMs)
            const quantity = aggregate === 'unique' ? 1_000_000n : each.quantity
            const member = aggregate === 'unique' ? { member: each.member } : {}
            const report = reportOf(dimension, quantity, {
              tags: each.tags,
              occurredAt: at,
              ...member,
            })
            const [receipt] = await ledger.report({ reports: [report], idempotencyKey: undefined })
            const late = receipt?.counted === false
            const nextClosed = closed.has(hourOf(at) + hourMs)
            reported.push({ ...each, quantity, at, late, nextClosed })
          }
        }
        await clock.advance(2 * hourMs)
        await sealHours(ledger, clock)
        expect(await totalOf(ledger)).toBe(plainTotal(aggregate, reported, staleMs))
        expect((await ledger.usage()).readings).toEqual([])
        await ledger.close()
      }),
      { numRuns: runs },
    )
  })
})

/** Everything that was counted, wherever it is; the audit says that it is somewhere. */
async function totalOf(ledger: Ledger): Promise<bigint> {
  const balances = await ledger.audit()
  expect(balances.every(({ imbalance }) => imbalance === 0n)).toBe(true)
  return balances.reduce((sum, { reported }) => sum + reported, 0n)
}
