import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createSystemClock, type Clock } from '../../../src/kernel/clock.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { EmulatedCall } from '../../../src/emulator/control/calls.ts'
import { Events, type EventName, type SidecarEvents } from '../../../src/kernel/events.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { Log } from '../../../src/kernel/log.ts'
import type { SidecarOptions as StartOptions } from '../../../src/sidecar/sidecar-options.ts'
import type { Sidecar } from '../../../src/sidecar/sidecar.ts'
import { startSidecar } from '../../../src/sidecar/start-sidecar.ts'
import type { Source } from '../../../src/sources/source.ts'
import { startEmulator, type Harness } from '../../service/emulator/harness.ts'
import { eventually } from '../eventually.ts'
import type { ManualClock } from '../manual-clock.ts'
import { scratch } from '../scratch.ts'
import { createSilentLog } from '../silent-log.ts'

export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

export interface EmulatedRecord {
  readonly resource: string
  readonly dimension: string
  readonly hour: string
  readonly quantity: number
}

export interface SidecarOptions {
  /** SIDECAR_* variables on top of the harness's own; undefined removes one of those. */
  readonly settings?: Readonly<Record<string, string | undefined>>
  /** What the platform reads. */
  readonly env?: Readonly<Record<string, string>>
  /** Names the task or pod where the platform does not. */
  readonly hostname?: string
  /** An earlier one's, for a sidecar that starts again. */
  readonly dataDir?: string
  /** An earlier one's. */
  readonly aws?: Harness
  /** Before the sidecar calls AWS for the first time. */
  readonly prepare?: (aws: Harness) => Promise<unknown>
  /** The sidecar's; that of the emulator where a test does not give it another. */
  readonly clock?: Clock
  /** Real time, unless a test moves it. */
  readonly timers?: Clock
  /** 0.001 by default, so that a retry that is due soon happens at once. */
  readonly random?: () => number
  readonly log?: Log
  /** Receives what goes to standard output apart from the log. */
  readonly out?: (line: string) => void
  /** Instead of every source of the registry. */
  readonly sources?: readonly Source[]
  /** Watches from before the start. */
  readonly events?: Events
  /** The files that settings name, by path. */
  readonly files?: Readonly<Record<string, string>>
}

export interface SidecarHarness {
  readonly aws: Harness
  /** The hours of the sidecar and of the emulator. */
  readonly clock: ManualClock
  readonly sidecar: Sidecar
  readonly dataDir: string
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<JsonAnswer>
  /** POST /v1/usage. */
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<JsonAnswer>
  ops(path: string): Promise<{ readonly status: number; readonly text: string }>
  /** Returns the records of the emulated AWS. */
  records(): Promise<readonly EmulatedRecord[]>
  calls(): Promise<readonly EmulatedCall[]>
  /** Every event of this name so far. */
  emitted<N extends EventName>(name: N): readonly SidecarEvents[N][]
  entitled(): Promise<void>
  /** Advances to a minute past the next full hour, when its usage is due. */
  endHour(): Promise<void>
  /** Waits until this many attempts to send a record have ended. */
  attempts(count: number): Promise<void>
  /**
   * Waits for `condition`, letting timers fire that are due. What was under way while a test moved the clock may
   * have to be tried again: after three seconds the clock goes on.
   */
  until<T>(condition: () => T | Promise<T>): Promise<Exclude<T, false | undefined | null>>
  close(): Promise<void>
}

/** SIDECAR_SEAL_DELAY_SECONDS by default. */
const sealDelayMs = 60_000
const publicKeyPath = '/public-key.pem'
export const accessKeyId = 'AKIATHISTASK'

/** A whole sidecar with real sockets and a real ledger, and an emulated AWS; both live on one manual clock. */
export async function startHarness(options: SidecarOptions = {}): Promise<SidecarHarness> {
  const aws = options.aws ?? (await startEmulator())
  await options.prepare?.(aws)
  const dataDir = options.dataDir ?? mkdtempSync(join(scratch, 'sidecar-'))
  const events = options.events ?? new Events(rethrow)
  const recorded = recordEvents(events)
  const sidecar = await startSidecar(startOptions(aws, dataDir, { ...options, events }))
  const { clock } = aws
  const app = `http://127.0.0.1:${sidecar.appPort}`
  const ask = async (path: string, init: RequestInit): Promise<JsonAnswer> => {
    const response = await fetch(`${app}${path}`, init)
    const body = (await response.json()) as JsonAnswer['body']
    return { status: response.status, headers: response.headers, body }
  }
  const until: SidecarHarness['until'] = (condition) => {
    const stuckAt = performance.now() + 3000
    return eventually(async () => {
      await clock.advance(performance.now() < stuckAt ? 0 : 60_000)
      return condition()
    })
  }
  const emitted: SidecarHarness['emitted'] = (name) => recorded(name)
  return {
    aws,
    clock,
    sidecar,
    dataDir,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (body, headers = {}) =>
      ask('/v1/usage', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async ops(path) {
      const response = await fetch(`http://127.0.0.1:${sidecar.opsPort}${path}`)
      return { status: response.status, text: await response.text() }
    },
    records: async () => (await aws.control('records'))['records'] as EmulatedRecord[],
    calls: async () => (await aws.control('calls'))['calls'] as EmulatedCall[],
    emitted,
    async entitled() {
      await eventually(() => sidecar.entitlement.snapshot().entitled)
    },
    async endHour() {
      const nextHour = hourOf(clock.now()) + hourMs
      await clock.advance(nextHour - clock.now())
      // The sidecar must see this hour before the test moves on to the next.
      await eventually(() => clock.nextAt !== undefined && clock.nextAt <= nextHour + sealDelayMs)
      await clock.advance(sealDelayMs)
    },
    async attempts(count) {
      await until(() => emitted('recordAttempted').length >= count)
    },
    until,
    async close() {
      await sidecar.stop()
      await aws.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function rethrow(error: unknown): never {
  throw error
}

/** Returns what `startSidecar` needs for a sidecar whose AWS is the emulated one. */
export function startOptions(
  aws: Harness,
  dataDir: string,
  options: SidecarOptions = {},
): StartOptions {
  const files: Readonly<Record<string, string>> = {
    [publicKeyPath]: aws.emulator.publicKeyPem(),
    ...options.files,
  }
  const settings = loadSettings(
    { ...standardSettings(aws.url, dataDir), ...options.settings },
    { readText: (path) => files[path] },
  )
  return {
    settings,
    env: options.env ?? {},
    hostname: options.hostname ?? 'test-host',
    version: '1.2.3',
    clock: options.clock ?? aws.clock,
    timers: options.timers ?? createSystemClock(),
    events: options.events ?? new Events(rethrow),
    log: options.log ?? createSilentLog(),
    out: options.out ?? (() => {}),
    droppedLines: () => 0,
    random: options.random ?? (() => 0.001),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    ...(options.sources && { sources: options.sources }),
  }
}

/** The shortest shutdown, and records without delay. */
function standardSettings(endpoint: string, dataDir: string): Readonly<Record<string, string>> {
  return {
    SIDECAR_LISTEN: '127.0.0.1:0',
    SIDECAR_OPS_LISTEN: '127.0.0.1:0',
    SIDECAR_DATA_DIR: dataDir,
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_ROUTE: 'both',
    SIDECAR_PUBLIC_KEY_FILE: publicKeyPath,
    SIDECAR_DIMENSIONS: demoProduct.dimensions.join(','),
    SIDECAR_AWS_ENDPOINT: endpoint,
    SIDECAR_REGION: 'eu-west-1',
    SIDECAR_SUBMIT_SPREAD_SECONDS: '0',
    SIDECAR_DRAIN_QUIET_MS: '0',
    SIDECAR_DRAIN_DELAY_MS: '0',
    SIDECAR_SHUTDOWN_TIMEOUT_MS: '5000',
  }
}

const recordedEvents = [
  'sourceRead',
  'usageReported',
  'recordAttempted',
  'recordSealed',
  'recordMoved',
  'usageRefused',
  'callRepeated',
] as const

function recordEvents(events: Events) {
  const all = new Map<EventName, unknown[]>()
  for (const name of recordedEvents) {
    const seen: unknown[] = []
    all.set(name, seen)
    events.on(name, (event) => seen.push(event))
  }
  return <N extends EventName>(name: N) => (all.get(name) ?? []) as readonly SidecarEvents[N][]
}
