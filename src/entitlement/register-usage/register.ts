import type { MeteringApi } from '../../aws/metering-api.ts'
import { failedStep, type FailedStep, type PassedStep } from '../proof.ts'
import { verifyToken } from './verify-token.ts'

export interface RegisterOptions {
  readonly api: MeteringApi
  readonly productCode: string
  readonly publicKeyVersion: number
  /** The pinned key of that version. */
  readonly pem: string
  /** Fresh for each registration, at most 255 characters. */
  readonly nonce: string
}

export interface Registration extends PassedStep {
  /** AWS's token, whose signature and claims hold. */
  readonly token: string
}

/** A nonce that nobody can have seen before: 32 random bytes as 43 characters of base64url. */
export function createNonce(randomBytes: (length: number) => Uint8Array): string {
  return Buffer.from(randomBytes(32)).toString('base64url')
}

/**
 * Registers this task or pod once and checks what AWS signed. Registering again charges nothing, but
 * proves nothing new about the subscription: AWS checks it at the first call of a task or pod.
 */
export async function register(options: RegisterOptions): Promise<Registration | FailedStep> {
  const { api, productCode, publicKeyVersion, pem, nonce } = options
  const answer = await api.registerUsage({ productCode, publicKeyVersion, nonce })
  if (!answer.ok) return failedStep('RegisterUsage', answer.failure)
  const { signature: token, publicKeyRotationAt: rotationAt } = answer.value
  const expected = { productCode, publicKeyVersion, nonce }
  const verified = await verifyToken({ token, pem, expected })
  if (!verified.ok) {
    const { code, message } = verified
    return { ok: false, patience: 'never', code, message }
  }
  const signedBy = { version: publicKeyVersion, rotationAt }
  return { ok: true, warnings: verified.warnings, signedBy, token }
}
