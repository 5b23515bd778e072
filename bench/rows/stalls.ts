import { createSystemClock, type Clock } from '../../src/kernel/clock.ts'
import { clientTokenOf } from '../../src/channels/client-token.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { planSeal, type SealRules } from '../../src/metering/record/seal.ts'
import { median, type Result } from '../result.ts'
import type { Row } from './bench.ts'
import { reportOf, withLedger } from './ledger-alone.ts'
import { longestStall } from './saas/longest-stall.ts'

const dimensions = Array.from({ length: 24 }, (_, index) => `dimension-${index}`)
const tagSets = 2500
const mostMs = 50

/**
 * Measures for how long the event loop stands still at most while an hour of as many and as large tag sets
 * as AWS accepts is sealed, audited and shown. The ledger runs alone: no request disturbs the measurement.
 * The tag sets of one dimension and hour are one transaction, and the longest stall of sealing is its time.
 */
export const stalls: Row = async ({ rounds }) => {
  const steps = { sealing: [], audit: [], 'usage and gauges': [] } as Record<Step, number[]>
  for (let round = 0; round < rounds; round += 1) {
    const clock = createSystemClock()
    await withLedger(clock, async (ledger, { audit }) => {
      await fill(ledger)
      steps.audit.push(await longestStall(audit))
      steps['usage and gauges'].push(
        await longestStall(async () => {
          await ledger.usage()
          await ledger.gauges()
        }),
      )
      steps.sealing.push(await longestStall(() => seal(ledger, clock)))
    })
  }
  return Object.entries(steps).map(([step, figures]): Result => ({
    name: `longest stall, ${step} of 60,000 large tag sets`,
    unit: 'ms',
    ours: median(figures),
    target: { of: 'ours', atMost: mostMs },
  }))
}

type Step = 'sealing' | 'audit' | 'usage and gauges'

async function fill(ledger: Ledger): Promise<void> {
  for (const dimension of dimensions)
    for (let first = 0; first < tagSets; first += 250) {
      const reports = Array.from({ length: 250 }, (_, index) => ({
        ...reportOf(dimension),
        tags: largeTags(first + index),
      }))
      await ledger.report({ reports, idempotencyKey: undefined })
    }
}

function largeTags(index: number): string {
  return JSON.stringify(
    Array.from({ length: 5 }, (_, tag) => [
      `${tag}`.padEnd(100, 'k'),
      `${index}-`.padEnd(256, 'v'),
    ]),
  )
}

async function seal(ledger: Ledger, clock: Clock): Promise<void> {
  const now = clock.now() + hourMs
  const rules: SealRules = {
    zeroRecords: false,
    formOf: () => 'whole',
    clientTokenOf,
    onFolded: () => {},
  }
  const records = await Array.fromAsync(
    ledger.seal({
      before: hourOf(now) + hourMs,
      now,
      plan: (input) => planSeal(input, rules),
      zeroHours: [],
    }),
  )
  if (records.length !== dimensions.length) throw new Error(`${records.length} records were sealed`)
}
