import type { MeteringApi, MeteringFailure, RegisterUsageValue } from '../../aws/metering-api.ts'
import { Allowance } from '../../kernel/allowance.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fail, type Result } from '../../kernel/result.ts'

export interface RegistrationTokenRequest {
  readonly productCode: string
  readonly publicKeyVersion: number
  readonly nonce: string
}

/** The application requests too many tokens, so AWS was not called. */
interface TooManyTokens {
  readonly retryAfterSeconds: number
}

export type RegistrationTokenResult = Result<RegisterUsageValue, MeteringFailure | TooManyTokens>

/** AWS allows an account 5 a second, for everything that it runs. */
const registrations = { burst: 10, refillMs: 6_000 }
/** How many answers are remembered, so that a repeated nonce does not cost a call. */
const remembered = 100

/**
 * Registers with the application's own nonce and hands out AWS's raw token. An application that has
 * the public key can check it, and need not trust what answers on localhost. Registering again in
 * the same task or pod charges nothing. Answers are kept by nonce, and new nonces are rate-limited.
 */
export class RegistrationTokens {
  readonly #api: MeteringApi
  readonly #answers = new Map<string, Promise<Result<RegisterUsageValue, MeteringFailure>>>()
  readonly #allowance: Allowance

  /** `timers` is real time. */
  constructor(api: MeteringApi, timers: Clock) {
    this.#api = api
    this.#allowance = new Allowance(registrations, timers)
  }

  /** Returns AWS's token for the nonce, a remembered one where there is one. */
  async tokenFor(request: RegistrationTokenRequest): Promise<RegistrationTokenResult> {
    const name = JSON.stringify([request.productCode, request.publicKeyVersion, request.nonce])
    const known = this.#answers.get(name)
    if (known !== undefined) return known
    const waitMs = this.#allowance.use()
    if (waitMs > 0) return fail({ retryAfterSeconds: Math.ceil(waitMs / 1000) })

    const asked = this.#api.registerUsage(request)
    this.#answers.set(name, asked)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > remembered && oldest !== undefined) this.#answers.delete(oldest)
    const answer = await asked
    // Only tokens are remembered. After a failure the next call may succeed.
    if (!answer.ok) this.#answers.delete(name)
    return answer
  }
}
