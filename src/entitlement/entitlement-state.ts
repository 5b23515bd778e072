import type { Clock } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'

export const entitlementStates = ['starting', 'entitled', 'denied', 'unreachable'] as const
export type EntitlementState = (typeof entitlementStates)[number]

export interface EntitlementSnapshot {
  readonly state: EntitlementState
  readonly entitled: boolean
  /** `Starting`, `Entitled`, AWS's error name, a network code, or one of this folder's own codes. */
  readonly code: string
  /** What is the case and what to do about it, for people. */
  readonly message: string
  /** When the state began, ms. */
  readonly since: number
  /** When asking again makes sense, whole seconds; undefined once the answer is known. */
  readonly retryAfterSeconds: number | undefined
}

export interface EntitlementOptions {
  readonly clock: Clock
  /** Real time, on which those who wait are counted, even where `clock` runs faster. */
  readonly timers: Clock
  readonly hooks: Hooks
  readonly log: Log
  /** The route is `metered`, so that a record which AWS accepted proves as much as a dry run. */
  readonly recordsProve: boolean
}

/** Who said no last: nobody, the proof (final), or AWS at a later record (until the next one). */
type Denial = 'none' | 'proof' | 'record'

/**
 * What is known of the buyer's right to run the product. A failure to reach AWS never takes away what
 * was proved, and a refused proof is never made good by anything that follows.
 */
export class Entitlement {
  readonly #clock: Clock
  readonly #timers: Clock
  readonly #hooks: Hooks
  readonly #log: Log
  readonly #recordsProve: boolean
  readonly #listeners = new Set<(snapshot: EntitlementSnapshot) => void>()
  #snapshot: EntitlementSnapshot
  #proved = false
  #denial: Denial = 'none'

  constructor({ clock, timers, hooks, log, recordsProve }: EntitlementOptions) {
    this.#clock = clock
    this.#timers = timers
    this.#hooks = hooks
    this.#log = log
    this.#recordsProve = recordsProve
    this.#snapshot = {
      state: 'starting',
      entitled: false,
      code: 'Starting',
      message: 'AWS Marketplace has not answered yet.',
      since: clock.now(),
      retryAfterSeconds: 1,
    }
  }

  snapshot(): EntitlementSnapshot {
    return this.#snapshot
  }

  /** Whether AWS has said yes or no. */
  known(): boolean {
    return isKnown(this.#snapshot)
  }

  /** Calls `listener` at every change of the snapshot. The answer ends that. */
  onChange(listener: (snapshot: EntitlementSnapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /**
   * The snapshot as soon as AWS has said yes or no, or as it is after `ms` of real time, or when
   * `signal` is aborted. Never rejects.
   */
  wait(ms: number, signal?: AbortSignal): Promise<EntitlementSnapshot> {
    if (this.known() || ms <= 0 || signal?.aborted === true) return Promise.resolve(this.#snapshot)
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel()
        forget()
        signal?.removeEventListener('abort', finish)
        resolve(this.#snapshot)
      }
      const timer = this.#timers.at(this.#timers.now() + ms, finish)
      const forget = this.onChange((snapshot) => {
        if (isKnown(snapshot)) finish()
      })
      signal?.addEventListener('abort', finish, { once: true })
    })
  }

  /** AWS accepted a record: a denial that came from a record is over. */
  confirm(): void {
    if (this.#denial === 'proof' || this.#snapshot.entitled) return
    if (this.#proved || this.#recordsProve) this.#becomeEntitled()
  }

  /** AWS refused a record because the buyer is not entitled. `message` says what to do. */
  deny(code: string, message: string): void {
    if (this.#denial === 'proof') return
    this.#denial = 'record'
    this.#become('denied', code, message, undefined)
  }

  /** The proof succeeded. */
  prove(): void {
    if (this.#denial !== 'proof') this.#becomeEntitled()
  }

  /** The proof failed for good. Where a record has proved it meanwhile, the next record decides. */
  refuse(code: string, message: string): void {
    if (this.#proved) return this.deny(code, message)
    this.#denial = 'proof'
    this.#become('denied', code, message, undefined)
  }

  /** The proof could not be had yet. Whatever is known stays. */
  reportUnreachable(code: string, message: string, retryAfterSeconds: number): void {
    if (!this.known()) this.#become('unreachable', code, message, retryAfterSeconds)
  }

  #becomeEntitled(): void {
    this.#proved = true
    this.#denial = 'none'
    const message = 'AWS Marketplace confirms that the buyer may run this product.'
    this.#become('entitled', 'Entitled', message, undefined)
  }

  #become(
    state: EntitlementState,
    code: string,
    message: string,
    retryAfterSeconds: number | undefined,
  ): void {
    const before = this.#snapshot
    const moved = before.state !== state
    this.#snapshot = {
      state,
      entitled: state === 'entitled',
      code,
      message,
      since: moved ? this.#clock.now() : before.since,
      retryAfterSeconds,
    }
    if (moved) this.#tell(before.state, this.#snapshot)
    for (const listener of this.#listeners) listener(this.#snapshot)
  }

  #tell(from: EntitlementState, { state: to, code, message }: EntitlementSnapshot): void {
    const level = to === 'entitled' ? 'info' : to === 'denied' ? 'error' : 'warn'
    this.#log[level](`entitlement.${to}`, message, { from, to, code })
    this.#hooks.emit('entitlementChanged', { from, to, code, message })
  }
}

function isKnown({ state }: EntitlementSnapshot): boolean {
  return state === 'entitled' || state === 'denied'
}
