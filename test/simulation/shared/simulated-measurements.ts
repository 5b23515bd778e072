import { SidecarError } from '../../../src/kernel/errors.ts'
import { auditBook } from '../../../src/ledger/audit/audit.ts'
import { microPerUnit } from '../../../src/metering/amount.ts'
import { hourOf } from '../../../src/metering/hour.ts'
import type { UsageReport } from '../../../src/metering/report.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Coverage } from '../coverage.ts'
import { notRecorded, type Answerer } from '../simulated-application.ts'
import { Violation } from '../violation.ts'

/** Dimensions that all sidecars measure together, each named as it adds up. */
export const measuredDimensions = ['max', 'unique'] as const

export interface Measurement {
  readonly dimension: (typeof measuredDimensions)[number]
  /** Millionths; nothing for `unique`. */
  readonly quantity: bigint
  readonly member: string
}

interface Reading extends Measurement {
  readonly hour: number
}

/** What the application measured at any of the sidecars, and the amounts that it comes to. */
export class SimulatedMeasurements {
  readonly #coverage: Coverage
  readonly #acknowledged: Reading[] = []
  readonly #perhaps: Reading[] = []

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  /** Reports once: a reading that had no answer is never repeated. */
  async report(measurement: Measurement, answerer: Answerer, now: number): Promise<void> {
    const { dimension, quantity, member } = measurement
    const report: UsageReport = {
      dimension,
      quantity: dimension === 'unique' ? microPerUnit : quantity,
      ...(dimension === 'unique' && { member }),
      tags: untagged,
      occurredAt: now,
      idempotencyKey: undefined,
    }
    const reading = { ...measurement, hour: hourOf(now) }
    try {
      const receipts = await answerer({ reports: [report], idempotencyKey: undefined })
      if (receipts === undefined) {
        this.#perhaps.push(reading)
        return
      }
      this.#coverage.count(`reading accepted${receipts[0]?.late === true ? ', late' : ''}`)
      this.#acknowledged.push(reading)
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      this.#coverage.count(`reading refused with ${error.code}`)
      const isLost = notRecorded.includes(error.code) || error.code.startsWith('OccurredAt')
      if (!isLost) this.#perhaps.push(reading)
    }
  }

  /** After all hours were closed: each came to what all sidecars measured in it together, once. */
  async check(store: Store, now: number): Promise<void> {
    const { readings } = await store.usage(now)
    const [open] = readings
    if (open !== undefined)
      throw new Violation('stuck', `readings of ${open.dimension} are no amount yet`)
    const balances = auditBook(await store.accountSums())
    for (const dimension of measuredDimensions) {
      const counted = balances
        .filter((balance) => balance.dimension === dimension)
        .reduce((sum, { reported }) => sum + reported, 0n)
      const least = amountOf(this.#acknowledged, dimension)
      const most = amountOf([...this.#acknowledged, ...this.#perhaps], dimension)
      if (counted < least) throw new Violation('lost', `${least - counted} of ${dimension}`)
      if (counted > most) throw new Violation('counted-twice', `${counted - most} of ${dimension}`)
    }
  }
}

/** Of every hour the members that were seen, or the largest value. */
function amountOf(readings: readonly Reading[], wanted: Measurement['dimension']): bigint {
  const byHour = Map.groupBy(
    readings.filter(({ dimension }) => dimension === wanted),
    ({ hour }) => hour,
  )
  const amounts = [...byHour.values()].map((each) =>
    wanted === 'unique'
      ? BigInt(new Set(each.map(({ member }) => member)).size) * microPerUnit
      : each.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n),
  )
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}
