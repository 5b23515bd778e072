import { SidecarError, messageOf } from '../errors.ts'

const sqliteFull = 13
const sqliteReadOnly = 8
const sqliteIoError = 10

/** Gives SQLite's complaints about the disk a code and a way out; leaves every other error alone. */
export function translate(error: unknown): unknown {
  const code =
    error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
  if (code === sqliteFull || code === sqliteIoError || code === sqliteReadOnly)
    return new SidecarError(
      'LedgerFull',
      `The ledger could not store this (${messageOf(error)}), so nothing of it was recorded. Free or enlarge the volume of the data directory; the sidecar goes on by itself, and the same request may then be sent again.`,
      { cause: error, retryable: true },
    )
  return error
}
