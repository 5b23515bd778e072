/** What happened to an attempt to send a record, or to any other call of AWS. */
export type CallOutcome =
  | 'ok'
  | 'throttled'
  | 'unavailable'
  | 'credentials'
  | 'not-entitled'
  | 'misconfigured'
  | 'invalid'
  | 'duplicate'
  | 'out-of-window'
  | 'conflict'

/**
 * The steps of a record's life and of a group of changes, in the order of a good day. A process may be
 * killed after any of them; tests do so on purpose.
 */
export const steps = [
  'report-written',
  'seal-written',
  'mark-written',
  'settle-written',
  'group-committed',
  'group-flushed',
  'send-started',
  'send-answered',
] as const
export type Step = (typeof steps)[number]

/** Everything that the parts tell about themselves. Quantities are micro-units, instants ms. */
export interface SidecarEvents {
  usageReported: {
    readonly dimension: string
    readonly accepted: number
    readonly duplicates: number
    readonly late: number
    /** Of the accepted reports, micro-units. */
    readonly quantity: bigint
    /** Start of the earliest hour that took usage, ms. */
    readonly earliestHour: number
  }
  usageRefused: {
    /** Only a dimension of the product. */
    readonly dimension: string | undefined
    readonly code: string
    readonly requestId: string
  }
  tagSetsOverflowed: { readonly dimension: string; readonly reports: number }
  /** Told in the middle of the work: a listener that throws or waits would be in its way. */
  stepReached: { readonly step: Step }
  ledgerCommitted: { readonly operations: number; readonly seconds: number }
  ledgerFailed: { readonly message: string }
  ledgerSetAside: { readonly path: string; readonly reason: string }
  ledgerAudited: {
    readonly balanced: boolean
    readonly keys: readonly { readonly dimension: string; readonly imbalance: bigint }[]
  }
  recordSealed: {
    readonly id: number
    readonly dimension: string
    readonly hour: number
    readonly quantity: number
  }
  recordAttempted: {
    readonly id: number
    readonly dimension: string
    readonly hour: number
    readonly quantity: number
    readonly outcome: CallOutcome
    readonly code: string | undefined
    readonly message: string | undefined
    readonly meteringRecordId: string | undefined
  }
  recordMoved: {
    readonly id: number
    readonly dimension: string
    readonly fromHour: number
    readonly toHour: number
    readonly code: string
  }
  awsCalled: {
    readonly operation: string
    readonly outcome: CallOutcome
    readonly seconds: number
    /** AWS's Date header minus our wall clock, seconds; undefined when there was no answer. */
    readonly clockSkewSeconds: number | undefined
    /** AWS's id of the request; undefined when there was no answer. */
    readonly requestId: string | undefined
  }
  entitlementChanged: {
    readonly from: string
    readonly to: string
    readonly code: string
    readonly message: string
  }
  publicKeyRotation: { readonly at: number }
  httpAnswered: {
    readonly route: string
    readonly method: string
    readonly status: number
    readonly seconds: number
  }
}

export type EventName = keyof SidecarEvents
type Listener<N extends EventName> = (event: SidecarEvents[N]) => void

/**
 * The one-way street from the parts to those who watch: metrics, logs and the demo's narrator. A
 * listener that throws is reported and otherwise ignored, because watching must not disturb.
 */
export class Events {
  readonly #listeners = new Map<EventName, Listener<never>[]>()
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void = () => {}) {
    this.#onListenerError = onListenerError
  }

  on<N extends EventName>(name: N, listener: Listener<N>): void {
    const listeners = this.#listeners.get(name) ?? []
    this.#listeners.set(name, [...listeners, listener])
  }

  emit<N extends EventName>(name: N, event: SidecarEvents[N]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        ;(listener as Listener<N>)(event)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }
}
