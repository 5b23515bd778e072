import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../src/kernel/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import type { SealInput, SealPlan } from '../../src/metering/record/seal-plan.ts'
import type { Row } from './bench.ts'
import { reportOf, withLedger } from './ledger-alone.ts'
import { markSending, settle } from '../../test/support/ledger/one-record.ts'

const days = 30
const dimensions = Array.from({ length: 24 }, (_, index) => `dimension-${index}`)

/** Measures the ledger's files after 30 days of 24 dimensions, each with one keyed report a minute. */
export const fileSize: Row = async () => {
  const clock = new SteppedClock(Date.parse('2026-03-01T00:00:00Z'))
  const megabytes = await withLedger(clock, async (ledger, { directory }) => {
    for (let hour = 0; hour < days * 24; hour += 1) await passHour(ledger, clock)
    return sizeOf(directory) / 1e6
  })
  return [{ name: `ledger files after ${days} days`, unit: 'MB', ours: megabytes }]
}

async function passHour(ledger: Ledger, clock: SteppedClock): Promise<void> {
  const reports = dimensions.map(reportOf)
  for (let minute = 0; minute < 60; minute += 1) {
    await ledger.report({ reports, idempotencyKey: `minute-${clock.now()}` })
    clock.advance(60_000)
  }
  const now = clock.now()
  const records = await Array.fromAsync(
    ledger.seal({ before: hourOf(now), now, plan: planOf, zeroHours: [] }),
  )
  await Promise.all(records.map(({ id }) => markSending(ledger, id)))
  await Promise.all(
    records.map(({ id }) =>
      settle(ledger, id, {
        kind: 'accepted',
        meteringRecordId: `${id}-0123-4567-89ab-cdef01234567`,
      }),
    ),
  )
  await ledger.prune()
}

/** Everything in whole units, which gives one record for each dimension and hour. */
function planOf({ productCode, dimension, hour, accounts, sealedAt }: SealInput): SealPlan {
  const parts = accounts.map(({ account, cells }) => {
    const micro = cells.reduce((sum, { quantity }) => sum + quantity, 0n)
    return { account, quantity: (micro / 1_000_000n) * 1_000_000n, allocations: undefined }
  })
  return {
    record: {
      productCode,
      dimension,
      hour,
      timestamp: Math.min(hour + hourMs - 1000, sealedAt),
      quantity: parts.reduce((sum, { quantity }) => sum + quantity, 0n),
      form: 'whole',
      allocations: undefined,
      clientToken: `${dimension}-${hour}`.padEnd(64, '0'),
      parts,
    },
    rests: accounts.map(() => ({ fraction: 0n, carried: [] })),
  }
}

function sizeOf(directory: string): number {
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size)
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** A clock that stands still until it is moved. Nothing here waits for it. */
class SteppedClock implements Clock {
  #now: number

  constructor(startAt: number) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#now
  }

  at(): never {
    throw new Error('nothing is to be scheduled on this clock')
  }

  after(): never {
    return this.at()
  }

  advance(ms: number): void {
    this.#now += ms
  }
}
