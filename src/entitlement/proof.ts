import type { FailureKind, MeteringApi } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Result } from '../kernel/result.ts'
import type { Product } from '../product/product.ts'

/** One way to ask AWS whether the buyer may run the product. */
export interface Proof {
  /** Its name in the registry. */
  readonly name: string
  /** Makes one attempt. It records nothing, and it never rejects for what AWS answers. */
  attempt(): Promise<Result<PassedProof, FailedProof>>
}

export interface PassedProof {
  /** Sentences for the operator. */
  readonly warnings: readonly string[]
  /** Undefined for a proof that AWS does not sign. */
  readonly signingKey: KeyInUse | undefined
}

/** The product's key that AWS signed with. */
export interface KeyInUse {
  readonly version: number
  /** The newest version in the product file, which AWS may not know yet. */
  readonly newestVersion: number
  /** When AWS replaces `version`, or when it did, ms; only when AWS said so. */
  readonly rotationAt: number | undefined
}

export interface FailedProof {
  /** AWS's error name, a network code, or a code of the token check. */
  readonly code: string
  /** What happened. It names the operation that was called. */
  readonly message: string
  /** What to do; empty when `message` already says it. */
  readonly advice: string
  /** Undefined when AWS said yes and its answer does not prove it. */
  readonly kind: FailureKind | undefined
  readonly patience: Patience
}

/** When another attempt may succeed: in seconds, in minutes, or never. */
export type Patience = 'soon' | 'slowly' | 'never'

/** Everything that a proof may use. */
export interface ProofContext {
  readonly api: MeteringApi
  readonly product: Product
  /** The wall clock, for the timestamps of requests. */
  readonly clock: Clock
  /** Cryptographically strong. */
  readonly randomBytes: (length: number) => Uint8Array
}
