/** The outcomes of an attempt to send a record, and of any other call of AWS. */
export const callOutcomes = [
  'ok',
  'throttled',
  'unavailable',
  'credentials',
  'not-entitled',
  'misconfigured',
  'invalid',
  'duplicate',
  'out-of-window',
  'conflict',
] as const
export type CallOutcome = (typeof callOutcomes)[number]

/**
 * The steps of a record's life and of a group of changes, in order when nothing fails. A process may be
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

/** Why a connection was cut off: no room, an answer that is not read, too many requests ahead of it. */
export const dropReasons = ['limit', 'unread', 'ahead'] as const
export type DropReason = (typeof dropReasons)[number]

/** Every event that the parts emit. Quantities are micro-units, instants ms. */
export interface SidecarEvents {
  usageReported: {
    readonly dimension: string
    readonly accepted: number
    readonly duplicates: number
    readonly late: number
    /** Readings that came when their hour was over and changed no amount. */
    readonly notCounted: number
    /** Of the accepted reports that are amounts, micro-units. */
    readonly quantity: bigint
    /** Start of the earliest hour that received usage, ms. */
    readonly earliestHour: number
  }
  usageRefused: {
    /** Only a dimension of the product. */
    readonly dimension: string | undefined
    readonly code: string
    readonly requestId: string
  }
  /** A MeterUsage call that has nothing to tell a repeat by equals an earlier one of its hour; it was counted. */
  callRepeated: { readonly dimension: string; readonly hour: number; readonly requestId: string }
  /** The readings of an hour became an amount of it. */
  readingsCounted: { readonly dimension: string; readonly hour: number; readonly quantity: bigint }
  /** Counters were read, and what is new of them is on disk. */
  countersRead: {
    readonly counted: readonly {
      readonly dimension: string
      readonly series: string
      readonly outcome: 'counted' | 'restarted' | 'baseline' | 'fell' | 'skipped' | 'overlaps'
      readonly rise: bigint
    }[]
  }
  /** A listener cut a connection off. */
  connectionDropped: { readonly reason: DropReason }
  /** A source looked for usage: `failed` when it could not be asked, `refused` when it answered wrongly. */
  sourceRead: {
    readonly source: string
    readonly outcome: 'ok' | 'failed' | 'refused'
    readonly reason: string | undefined
    /** ms */
    readonly at: number
  }
  tagSetsOverflowed: { readonly dimension: string; readonly reports: number }
  /** Usage of an hour waits for an operator. */
  usageHeld: {
    readonly dimension: string
    readonly hour: number
    readonly quantity: bigint
    readonly reason: 'guard' | 'late'
    /** That of its dimension, which it was above; undefined for another reason. */
    readonly limit: bigint | undefined
  }
  /** An operator decided about usage; `quantity` is a decimal number of the application's units. */
  decisionMade: {
    readonly action: string
    readonly id: number | null
    readonly dimension: string
    readonly hour: number | null
    readonly quantity: string
    readonly reason: string | null
  }
  /** Emitted in the middle of the work, so a slow listener delays it. */
  stepReached: { readonly step: Step }
  ledgerCommitted: { readonly operations: number; readonly seconds: number }
  ledgerFailed: { readonly message: string }
  ledgerSetAside: { readonly path: string; readonly reason: string }
  ledgerAudited: {
    readonly balanced: boolean
    /** The accounts that do not balance. */
    readonly keys: readonly { readonly dimension: string; readonly imbalance: bigint }[]
  }
  recordSealed: {
    readonly id: number
    readonly dimension: string
    readonly hour: number
    /** Millionths of AWS's unit. */
    readonly quantity: bigint
  }
  recordAttempted: {
    readonly id: number
    readonly dimension: string
    readonly hour: number
    /** Millionths of AWS's unit. */
    readonly quantity: bigint
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
 * Delivers events one way: from the parts to the metrics, the log and the demo's narrator. A listener
 * only watches. When it throws, the error is reported and the work goes on.
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
