import type { MeteringApi } from '../../aws/metering-api.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { failedProof } from '../failed-proof.ts'
import type { FailedProof } from '../proof.ts'
import { verifyToken } from './verify-token.ts'

interface RegisterOptions {
  readonly api: MeteringApi
  readonly productCode: string
  readonly publicKeyVersion: number
  /** The pinned key of that version. */
  readonly pem: string
  /** Fresh for each registration, at most 255 characters. */
  readonly nonce: string
}

/** A registration whose token has a valid signature and the expected claims. */
interface Registration {
  /** The key version that AWS signed with. */
  readonly version: number
  /** When AWS replaces that version, ms; only when AWS said so. */
  readonly rotationAt: number | undefined
  /** Sentences for the operator. */
  readonly warnings: readonly string[]
}

/** Creates a nonce that no one can have seen before: 32 random bytes as 43 characters of base64url. */
export function createNonce(randomBytes: (length: number) => Uint8Array): string {
  return Buffer.from(randomBytes(32)).toString('base64url')
}

/** Calls RegisterUsage once and checks the token with the pinned key. */
export async function register(
  options: RegisterOptions,
): Promise<Result<Registration, FailedProof>> {
  const { api, productCode, publicKeyVersion, pem, nonce } = options
  const answer = await api.registerUsage({ productCode, publicKeyVersion, nonce })
  if (!answer.ok) return fail(failedProof('RegisterUsage', answer.failure))
  const { signature: token, publicKeyRotationAt: rotationAt } = answer.value
  const expected = { productCode, publicKeyVersion, nonce }
  const verified = await verifyToken({ token, pem, expected })
  return verified.ok
    ? succeed({ version: publicKeyVersion, rotationAt, warnings: verified.value })
    : fail({ ...verified.failure, advice: '', kind: undefined, patience: 'never' })
}
