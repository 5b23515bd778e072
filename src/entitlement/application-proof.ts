import type { MeteringResult, MeteringApi, RegisterUsageValue } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'

export interface ProofRequest {
  readonly productCode: string
  readonly publicKeyVersion: number
  readonly nonce: string
}

export type ProofAnswer =
  | MeteringResult<RegisterUsageValue>
  /** Asked too often; AWS was not called. */
  | { readonly ok: false; readonly retryAfterSeconds: number }

/** Registrations that may follow each other at once; after them one each `refillMs`. */
const burst = 10
const refillMs = 6_000
/** Answers that are remembered, so that a repeated nonce costs no call. */
const remembered = 100

/**
 * Registers with a nonce of the application's own and hands out AWS's raw token, so that an
 * application which knows the public key can check it and trust nobody on localhost. Registering again
 * in the same task or pod charges nothing. Answers are kept by nonce, and new nonces are limited.
 */
export class Proof {
  readonly #api: MeteringApi
  readonly #timers: Clock
  readonly #answers = new Map<string, Promise<MeteringResult<RegisterUsageValue>>>()
  #tokens = burst
  #refilledAt: number

  /** `timers` is real time. */
  constructor(api: MeteringApi, timers: Clock) {
    this.#api = api
    this.#timers = timers
    this.#refilledAt = timers.now()
  }

  async token(request: ProofRequest): Promise<ProofAnswer> {
    const name = JSON.stringify([request.productCode, request.publicKeyVersion, request.nonce])
    const known = this.#answers.get(name)
    if (known !== undefined) return known
    const waitMs = this.#take()
    if (waitMs > 0) return { ok: false, retryAfterSeconds: Math.ceil(waitMs / 1000) }

    const asked = this.#api.registerUsage(request)
    this.#answers.set(name, asked)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > remembered && oldest !== undefined) this.#answers.delete(oldest)
    const answer = await asked
    // Only a token stays true; a failure may be mended by the next call.
    if (!answer.ok) this.#answers.delete(name)
    return answer
  }

  /** Takes one call from the allowance; 0, or how long to wait for the next one. */
  #take(): number {
    const now = this.#timers.now()
    const refills = Math.max(0, Math.floor((now - this.#refilledAt) / refillMs))
    this.#tokens = Math.min(burst, this.#tokens + refills)
    this.#refilledAt = this.#tokens === burst ? now : this.#refilledAt + refills * refillMs
    if (this.#tokens === 0) return this.#refilledAt + refillMs - now
    this.#tokens -= 1
    return 0
  }
}
