import { toIso, type Clock, type Timer } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import {
  stateOf,
  transitions,
  type EntitlementEvent,
  type EntitlementState,
  type Phase,
} from './transitions.ts'

interface EntitlementTransition {
  /** ms */
  readonly at: number
  readonly from: EntitlementState
  readonly to: EntitlementState
  readonly code: string
}

export interface EntitlementSnapshot {
  readonly state: EntitlementState
  readonly entitled: boolean
  /** `Starting`, `Entitled`, AWS's error name, a network code, or one of this folder's own codes. */
  readonly code: string
  /** What the state means and what to do about it, for people. */
  readonly message: string
  /** When the state began, ms. */
  readonly since: number
  /** When AWS is asked next, in whole seconds from now, at least 1; undefined once AWS has answered. */
  readonly retryAfterSeconds: number | undefined
  /** When the public key version in use ends or ended, ms; undefined when AWS did not say. */
  readonly publicKeyRotationAt: number | undefined
  /** The last five, oldest first. */
  readonly transitions: readonly EntitlementTransition[]
}

interface EntitlementOptions {
  readonly clock: Clock
  /** Real time, which waiting requests use even where `clock` runs faster. */
  readonly timers: Clock
  readonly events: Events
  readonly log: Log
  /** Whether a record that AWS accepted proves as much as the proofs of the route. */
  readonly recordsProve: boolean
}

interface UndecidedReason {
  readonly code: string
  readonly message: string
  readonly byIam?: boolean
}

const rememberedTransitions = 5
const confirmed = 'AWS Marketplace confirms that the buyer may run this product.'

/** Everything that does not depend on the moment of the call. */
type Base = Omit<EntitlementSnapshot, 'retryAfterSeconds'>

/**
 * Knows whether the buyer may run the product: the state machine of transitions.ts, with the reason
 * for each state.
 */
export class Entitlement {
  readonly #clock: Clock
  readonly #timers: Clock
  readonly #events: Events
  readonly #log: Log
  readonly #recordsProve: boolean
  readonly #listeners = new Set<(snapshot: EntitlementSnapshot) => void>()
  #phase: Phase = 'starting'
  #base: Base
  #proved = false
  #keyVersion: number | undefined
  /** When AWS is asked next, on the real clock. */
  #retryAt: number
  #graceTimer: Timer | undefined

  constructor({ clock, timers, events, log, recordsProve }: EntitlementOptions) {
    this.#clock = clock
    this.#timers = timers
    this.#events = events
    this.#log = log
    this.#recordsProve = recordsProve
    this.#retryAt = timers.elapsed()
    this.#base = {
      state: 'starting',
      entitled: false,
      code: 'Starting',
      message: 'AWS Marketplace has not answered yet.',
      since: clock.now(),
      publicKeyRotationAt: undefined,
      transitions: [],
    }
  }

  snapshot(): EntitlementSnapshot {
    const leftMs = this.#retryAt - this.#timers.elapsed()
    const retryAfterSeconds = this.known() ? undefined : Math.max(1, Math.ceil(leftMs / 1000))
    return { ...this.#base, retryAfterSeconds }
  }

  /** Reports whether AWS has said yes or no. */
  known(): boolean {
    return this.#base.state === 'entitled' || this.#base.state === 'denied'
  }

  /** Calls `listener` at every change of the snapshot, until the returned function is called. */
  onChange(listener: (snapshot: EntitlementSnapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /**
   * Resolves with the snapshot as soon as the application may run or AWS has said no; at the latest
   * after `ms` of real time or when `signal` is aborted. Never rejects.
   */
  wait(ms: number, signal?: AbortSignal): Promise<EntitlementSnapshot> {
    const isDecided = () => this.known() || this.#base.entitled
    if (isDecided() || ms <= 0 || signal?.aborted === true) return Promise.resolve(this.snapshot())
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel()
        forget()
        signal?.removeEventListener('abort', finish)
        resolve(this.snapshot())
      }
      const timer = this.#timers.after(ms, finish)
      const forget = this.onChange(() => {
        if (isDecided()) finish()
      })
      signal?.addEventListener('abort', finish, { once: true })
    })
  }

  /** AWS accepted a record, which ends a denial that came from a record. */
  confirm(): void {
    if (this.#proved || this.#recordsProve) this.#handle('recordAccepted', 'Entitled', confirmed)
  }

  /** AWS refused a record because the buyer is not entitled. `message` says what to do. */
  deny(code: string, message: string): void {
    this.#handle('recordRefused', code, message)
  }

  /** The proof succeeded. */
  prove(): void {
    this.#handle('proved', 'Entitled', confirmed)
  }

  /** The proof was refused permanently. If a record has proved the entitlement since, the next record decides. */
  refuse(code: string, message: string): void {
    this.#handle(this.#proved ? 'recordRefused' : 'refused', code, message)
  }

  /**
   * AWS has not decided yet and is asked again in `retryAfterSeconds`. `byIam`: what it refused is the
   * role or its credentials. Before `graceUntil`, an instant of the wall clock, the product may run anyway.
   */
  reportUndecided(
    { code, message, byIam = false }: UndecidedReason,
    retryAfterSeconds: number,
    graceUntil?: number,
  ): void {
    this.#retryAt = this.#timers.elapsed() + retryAfterSeconds * 1000
    const event = byIam ? 'deniedByIam' : 'failed'
    if (graceUntil === undefined || graceUntil <= this.#clock.now())
      return this.#handle(event, code, message)
    const reason = `${message} Until ${toIso(graceUntil)} the product may run anyway (SIDECAR_GRACE_SECONDS).`
    this.#handle('failedInGrace', code, reason)
    if (this.#phase !== 'grace') return
    this.#graceTimer?.cancel()
    this.#graceTimer = this.#clock.at(graceUntil, () => this.#handle(event, code, message))
  }

  /** Returns the key version that AWS last signed with; undefined before its first signature. */
  publicKeyVersion(): number | undefined {
    return this.#keyVersion
  }

  /** AWS signed with this key version, which ends at `rotationAt` if AWS said so. */
  noteKey(version: number, rotationAt: number | undefined): void {
    this.#keyVersion = version
    this.#base = { ...this.#base, publicKeyRotationAt: rotationAt }
    this.#notify()
  }

  /** Cancels the timers. The state stays as it is. */
  stop(): void {
    this.#graceTimer?.cancel()
  }

  #handle(event: EntitlementEvent, code: string, message: string): void {
    const next = transitions[this.#phase][event]
    if (next === undefined) return
    const from = this.#base.state
    const to = stateOf(next)
    this.#phase = next
    if (next === 'entitled') this.#proved = true
    if (next !== 'grace') this.#graceTimer?.cancel()
    const at = this.#clock.now()
    const moved = from === to ? [] : [{ at, from, to, code }]
    this.#base = {
      ...this.#base,
      state: to,
      entitled: to === 'entitled' || to === 'grace',
      code,
      message,
      since: from === to ? this.#base.since : at,
      transitions: [...this.#base.transitions, ...moved].slice(-rememberedTransitions),
    }
    if (from !== to) this.#reportTransition(from)
    this.#notify()
  }

  #notify(): void {
    const snapshot = this.snapshot()
    for (const listener of this.#listeners) listener(snapshot)
  }

  #reportTransition(from: EntitlementState): void {
    const { state: to, code, message } = this.#base
    // Nothing leads back to the start.
    if (to !== 'starting') this.#log(`entitlement.${to}`, message, { from, to, code })
    this.#events.emit('entitlementChanged', { from, to, code, message })
  }
}
