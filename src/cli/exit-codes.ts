import type { SidecarError } from '../kernel/errors.ts'
import { exitTable } from '../kernel/problems/exit-table.ts'

/** The exit codes of the process. docs/operate/operations.md lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong settings, product file or arguments: another start does not help. */
  misconfigured: 2,
  /** The data directory or the database cannot be used, or another sidecar uses the directory. */
  storage: 3,
  /** A flush failed: acknowledged usage is on disk, and the next start recovers it. */
  ledgerFailed: 4,
} as const

export function exitCodeOf({ code }: SidecarError): number {
  return isExitCode(code) ? exitCodes[exitTable[code].exit] : exitCodes.failed
}

/** Returns whether a command ends with this code. */
export function isExitCode(code: string): code is keyof typeof exitTable {
  return Object.hasOwn(exitTable, code)
}
