import type { Entitlement } from '../entitlement/entitlement-state.ts'
import type { SidecarError } from '../kernel/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Platform } from '../platform/platform.ts'

/** A sidecar whose listeners answer. */
export interface Sidecar {
  readonly appPort: number
  readonly opsPort: number
  readonly platform: Platform
  readonly entitlement: Entitlement
  /** Throws a TypeError while the platform has not said which task or pod this is. */
  readonly ledger: Ledger
  /** Resolves when the sidecar can't do its work any more, and the process has to end at once. */
  readonly failed: Promise<SidecarError>
  /** Drains, flushes and stops within `shutdownTimeoutMs`. */
  stop(): Promise<void>
}
