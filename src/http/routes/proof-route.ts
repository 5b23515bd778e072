import type { FastifyInstance } from 'fastify'
import type {
  RegistrationTokenRequest,
  RegistrationTokenResult,
} from '../../entitlement/register-usage/registration-tokens.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { SidecarError } from '../../kernel/errors.ts'

export interface ProofRouteOptions {
  /** Undefined on routes that do not register, where AWS signs nothing. */
  readonly tokens:
    { tokenFor(request: RegistrationTokenRequest): Promise<RegistrationTokenResult> } | undefined
  readonly productCode: string
  /** The version of the key that AWS must sign with; read again for each proof. */
  readonly publicKeyVersion: number
}

export const nonceForm = new RegExp(String.raw`^[\x21-\x7e]{16,${awsLimits.nonceLength}}$`)
/** Used when AWS did not answer, because no one knows when it will. */
const retryAfterSeconds = 5

/**
 * `GET /v1/entitlement/proof?nonce=…`: AWS's own token for the application's nonce, 16 to 255 visible
 * ASCII characters. The sidecar does not judge it: the application checks it with the public key that
 * is built into it, which exposes a false sidecar.
 */
export function proofRoute(app: FastifyInstance, options: ProofRouteOptions): void {
  const { tokens, productCode } = options

  app.get('/v1/entitlement/proof', async (request, reply) => {
    if (tokens === undefined)
      throw new SidecarError(
        'ProofNotAvailable',
        'AWS signs an answer only to RegisterUsage, and the route of this product does not register, so there is nothing to check. Use /v1/entitlement instead.',
      )
    const { nonce } = request.query as { nonce?: unknown }
    if (typeof nonce !== 'string' || !nonceForm.test(nonce))
      throw new SidecarError(
        'InvalidNonce',
        `nonce must have 16 to ${awsLimits.nonceLength} visible ASCII characters. Make a fresh random one for each proof, such as 32 random bytes in base64url.`,
      )
    const { publicKeyVersion } = options
    const answer = await tokens.tokenFor({ productCode, publicKeyVersion, nonce })
    if (!answer.ok) throw errorOf(answer.failure)
    reply.header('cache-control', 'no-store')
    return { token: answer.value.signature, productCode, publicKeyVersion, nonce }
  })
}

function errorOf(
  failure: Extract<RegistrationTokenResult, { ok: false }>['failure'],
): SidecarError {
  if ('retryAfterSeconds' in failure)
    return new SidecarError(
      'TooManyProofs',
      `A task or pod may request ten proofs at once, and then one every six seconds. Repeat the request in ${failure.retryAfterSeconds} s. For a nonce that already has a proof there is no limit.`,
      { retryAfterSeconds: failure.retryAfterSeconds },
    )
  const { code, kind, message, advice } = failure
  const passes = kind === 'throttled' || kind === 'unavailable' || kind === 'credentials'
  return new SidecarError(
    passes ? 'ProofUnavailable' : 'ProofRefused',
    `RegisterUsage answered ${code}: ${message} ${advice}`,
    passes ? { retryAfterSeconds } : {},
  )
}
