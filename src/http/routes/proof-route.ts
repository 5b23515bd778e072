import type { FastifyInstance } from 'fastify'
import type { ProofAnswer, ProofRequest } from '../../entitlement/application-proof.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { SidecarError } from '../../kernel/errors.ts'

export interface ProofRouteOptions {
  /** Undefined where AWS signs nothing: on routes that do not register. */
  readonly proof: { token(request: ProofRequest): Promise<ProofAnswer> } | undefined
  readonly productCode: string
  /** The version of the key that AWS is asked to sign with; read anew for each proof. */
  readonly publicKeyVersion: number
}

export const nonceForm = new RegExp(String.raw`^[\x21-\x7e]{16,${awsLimits.nonceLength}}$`)
/** When AWS did not answer, and nobody knows when it will. */
const retryAfterSeconds = 5

/**
 * `GET /v1/entitlement/proof?nonce=…`: AWS's own token for the application's nonce, 16 to 255 visible
 * ASCII characters. Nothing about it is decided here: the application checks it with the public key
 * that it has inside, and a false sidecar is found out.
 */
export function proofRoute(app: FastifyInstance, options: ProofRouteOptions): void {
  const { proof, productCode } = options

  app.get('/v1/entitlement/proof', async (request, reply) => {
    if (proof === undefined)
      throw new SidecarError(
        'ProofNotAvailable',
        'AWS signs an answer only to RegisterUsage, and the route of this product does not register, so there is nothing to check. Ask /v1/entitlement instead.',
      )
    const { nonce } = request.query as { nonce?: unknown }
    if (typeof nonce !== 'string' || !nonceForm.test(nonce))
      throw new SidecarError(
        'InvalidNonce',
        `nonce must have 16 to ${awsLimits.nonceLength} visible ASCII characters. Make a fresh random one for each proof, such as 32 random bytes in base64url.`,
      )
    const { publicKeyVersion } = options
    const answer = await proof.token({ productCode, publicKeyVersion, nonce })
    if (!answer.ok) throw errorOf(answer)
    reply.header('cache-control', 'no-store')
    return { token: answer.value.signature, productCode, publicKeyVersion, nonce }
  })
}

function errorOf(answer: Extract<ProofAnswer, { ok: false }>): SidecarError {
  if ('retryAfterSeconds' in answer)
    return new SidecarError(
      'TooManyProofs',
      `A task or pod may ask for ten proofs at once and one each six seconds after that. The next one may be asked for in ${answer.retryAfterSeconds} s; a nonce that was proved before is answered at once.`,
      { retryAfterSeconds: answer.retryAfterSeconds },
    )
  const { code, kind, message, advice } = answer.failure
  const passes = kind === 'throttled' || kind === 'unavailable' || kind === 'credentials'
  return new SidecarError(
    passes ? 'ProofUnavailable' : 'ProofRefused',
    `RegisterUsage answered ${code}: ${message} ${advice}`,
    passes ? { retryAfterSeconds } : {},
  )
}
