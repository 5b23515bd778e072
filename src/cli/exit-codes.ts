import type { SidecarError } from '../kernel/errors.ts'

/** The exit codes of the process. docs/operations.md lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong settings, product file or arguments: another start does not help. */
  misconfigured: 2,
  /** The data directory cannot be used, or another sidecar uses it. */
  storage: 3,
  /** A flush failed: acknowledged usage is on disk, and the next start recovers it. */
  ledgerFailed: 4,
} as const

export function exitCodeOf(error: SidecarError): number {
  switch (error.code) {
    case 'InvalidSettings':
    case 'InvalidProductFile':
    case 'InvalidArguments':
      return exitCodes.misconfigured
    case 'DataDirectoryUnusable':
    case 'LedgerInUse':
    case 'LedgerTooNew':
      return exitCodes.storage
    case 'LedgerFailed':
      return exitCodes.ledgerFailed
    default:
      return exitCodes.failed
  }
}
