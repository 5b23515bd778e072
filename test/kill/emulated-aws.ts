import { fromIso } from '../../src/kernel/clock.ts'
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
  close(): Promise<void>
}

const hourMs = 3_600_000

const signingKey = createSigningKey()

/** An emulator in this process, whose hours last `realHourMs`. The month ends soon. */
export async function startEmulatedAws(
  realHourMs: number,
  startAt = Date.parse('2026-02-28T18:20:00Z'),
): Promise<EmulatedAws> {
  const emulator = await createEmulator({
    rate: hourMs / realHourMs,
    startAt,
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
  const hour = Math.floor((input.Timestamp * 1000) / hourMs) * hourMs
  return { dimension: input.UsageDimension, hour, content: JSON.stringify(input), outcome }
}
