import type { Environment, Settings } from '../config/settings.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Source } from '../sources/source.ts'

export interface SidecarOptions {
  readonly settings: Settings
  /** ECS and EKS describe the task or pod in it. */
  readonly env: Environment
  readonly hostname: string
  readonly version: string
  /** The wall clock that hours are counted on. */
  readonly clock: Clock
  /** Real time, for requests that wait and for the shutdown. */
  readonly timers: Clock
  readonly events: Events
  readonly log: Log
  /** Writes a line to standard output, whatever the log level is. */
  readonly out: (line: string) => void
  /** Lines that were dropped since the start because no one read standard output. */
  readonly droppedLines: () => number
  readonly random: () => number
  readonly randomBytes: (length: number) => Uint8Array
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** How usage gets in; every source of the registry when it is not given. */
  readonly sources?: readonly Source[]
  /** What sets the two ports, for messages; the settings when it is not given. */
  readonly listenOptions?: typeof listenSettings
}

export const listenSettings: { readonly app: string; readonly ops: string } = {
  app: 'SIDECAR_LISTEN',
  ops: 'SIDECAR_OPS_LISTEN',
}
