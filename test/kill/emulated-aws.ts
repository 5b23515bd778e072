import { fromIso } from '../../src/kernel/clock.ts'
import type { EmulatedCustomer } from '../../src/emulator/marketplace.ts'
import { createEmulator } from '../../src/emulator/emulator-server.ts'
import { createSigningKey } from '../../src/emulator/signing-key.ts'
import type { Chance } from './chance.ts'

export interface BilledRecord {
  readonly dimension: string
  readonly hour: number
  readonly quantity: number
  readonly meteringRecordId: string
}

/** A MeterUsage call that was not a dry run. */
export interface MeterCall {
  readonly dimension: string
  readonly hour: number
  /** Everything that AWS received, as text. */
  readonly content: string
  readonly outcome: string
}

export interface EmulatedAws {
  readonly url: string
  now(): number
  /** Makes one thing go wrong with one of the next calls. */
  addFault(fault: Readonly<Record<string, unknown>>): Promise<void>
  records(): Promise<BilledRecord[]>
  /** The last 10,000. */
  calls(): Promise<MeterCall[]>
  /** Records of customers, as `customer/dimension`; `keyOf` has the customers by licence. */
  recordsOf(keyOf: ReadonlyMap<string, string>): Promise<BilledRecord[]>
  /** What was asked for each record of BatchMeterUsage, in the same way. */
  batchCalls(keyOf: ReadonlyMap<string, string>): Promise<MeterCall[]>
  close(): Promise<void>
}

const hourMs = 3_600_000

const signingKey = createSigningKey()

/** An emulator in this process, whose hours last `realHourMs`. The month ends soon. */
export async function startEmulatedAws(
  realHourMs: number,
  startAt = Date.parse('2026-02-28T18:20:00Z'),
  customers?: readonly EmulatedCustomer[],
): Promise<EmulatedAws> {
  const emulator = await createEmulator({
    rate: hourMs / realHourMs,
    startAt,
    ...(customers && { customers }),
    signingKey: await signingKey,
  })
  const { url } = await emulator.listen(0)
  const get = async (path: string) => (await fetch(`${url}/_emulator/${path}`)).json()
  return {
    url,
    now: () => emulator.clock.now(),
    async addFault(fault) {
      const body = JSON.stringify({ operation: 'MeterUsage', times: 1, ...fault })
      const { ok } = await fetch(`${url}/_emulator/faults`, { method: 'POST', body })
      if (!ok) throw new Error(`the emulator does not take the fault ${body}`)
    },
    async records() {
      const { records } = (await get('records')) as { records: (BilledRecord & { hour: string })[] }
      return records.map((record) => ({ ...record, hour: fromIso(record.hour) ?? Number.NaN }))
    },
    async calls() {
      const { calls } = (await get('calls')) as { calls: LoggedCall[] }
      return calls.flatMap((call) => meterCallOf(call) ?? [])
    },
    async recordsOf(keyOf) {
      const { records } = (await get('records')) as {
        records: (BilledRecord & { hour: string; resource: string })[]
      }
      return records.map((record) => ({
        ...record,
        dimension: `${keyOf.get(record.resource) ?? record.resource}/${record.dimension}`,
        hour: fromIso(record.hour) ?? Number.NaN,
      }))
    },
    async batchCalls(keyOf) {
      const { calls } = (await get('calls')) as { calls: LoggedBatch[] }
      return calls.flatMap(({ operation, input, outcome }) =>
        operation !== 'BatchMeterUsage' || input === null
          ? []
          : input.UsageRecords.map((record) => ({
              dimension: `${keyOf.get(record.LicenseArn) ?? record.LicenseArn}/${record.Dimension}`,
              hour: hourAt(record.Timestamp),
              content: JSON.stringify(record),
              outcome,
            })),
      )
    },
    close: () => emulator.close(),
  }
}

/** Picks a fault: throttling, server errors, delays beyond the sidecar's timeouts, lost requests and lost answers. */
export function randomFault(chance: Chance): Readonly<Record<string, unknown>> {
  return chance.pick([
    { drop: 'before' },
    { drop: 'after' },
    { drop: 'after' },
    { error: 'ThrottlingException' },
    { error: 'InternalServiceErrorException' },
    { delayMs: chance.integer(20, 700) },
  ])
}

interface LoggedBatch {
  readonly operation: string | null
  readonly outcome: string
  readonly input: {
    readonly UsageRecords: readonly {
      readonly LicenseArn: string
      readonly Dimension: string
      readonly Timestamp: number
    }[]
  } | null
}

interface LoggedCall {
  readonly operation: string | null
  readonly outcome: string
  readonly input: {
    readonly DryRun?: boolean
    readonly UsageDimension: string
    readonly Timestamp: number
  } | null
}

function meterCallOf({ operation, outcome, input }: LoggedCall): MeterCall | undefined {
  if (operation !== 'MeterUsage' || input === null || input.DryRun === true) return undefined
  return {
    dimension: input.UsageDimension,
    hour: hourAt(input.Timestamp),
    content: JSON.stringify(input),
    outcome,
  }
}

/** The hour of a time that AWS was sent, in seconds. */
function hourAt(timestamp: number): number {
  return Math.floor((timestamp * 1000) / hourMs) * hourMs
}
