import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { SidecarError, messageOf } from '../../../kernel/errors.ts'

/** Among others for a file whose header is one of SQLite's and whose rest is not. */
export const sqliteError = 1
export const sqliteBusy = 5
export const sqliteCorrupt = 11
export const sqliteNotADatabase = 26
const sqliteFull = 13
const sqliteReadOnly = 8
const sqliteIoError = 10
const sqliteCantOpen = 14

/** What the system says of a file that is another user's, or no file that can be written. */
const fileCodes = new Set<string | undefined>([
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ELOOP',
  'ENXIO',
])

/** What the system says where a write finds no room: on the volume, in a quota, under a limit of the process. */
const noRoomCodes = new Set<string | undefined>(['ENOSPC', 'EDQUOT', 'EFBIG'])

export function isWithoutRoom(error: unknown): boolean {
  return codeOf(error) === sqliteFull || noRoomCodes.has(codeOfSystem(error))
}

/** The same for opening the file at `path`. */
export function translateOpening(error: unknown, path: string): unknown {
  // SQLite calls it an I/O error where its shared memory finds no room.
  if (isWithoutRoom(error) || (codeOf(error) === sqliteIoError && isFull(dirname(path))))
    return withoutRoom(error)
  const cannotOpen = codeOf(error) === sqliteCantOpen || fileCodes.has(codeOfSystem(error))
  if (!cannotOpen) return translate(error)
  return new SidecarError(
    'DataDirectoryUnusable',
    `The ledger ${path} could not be opened (${messageOf(error)}). Check that it and the files next to it are ordinary files that user ${process.getuid?.() ?? 'of this process'} may read and write.`,
    { cause: error },
  )
}

/** The error of a start that could not put a ledger on disk. */
export function notFlushed(path: string, cause: unknown): SidecarError {
  return new SidecarError(
    'LedgerFailed',
    `The ledger ${path} could not be flushed to disk (${messageOf(cause)}). Check the volume under the data directory.`,
    { cause },
  )
}

/** Gives SQLite's complaints about the disk a code and a way out; leaves every other error alone. */
export function translate(error: unknown): unknown {
  const code = codeOf(error)
  if (code === sqliteBusy)
    return new SidecarError(
      'LedgerBusy',
      'Another process keeps the ledger locked, so nothing of this was recorded. A ledger command holds it for a moment only: send the same request again.',
      { cause: error, retryAfterSeconds: 1 },
    )
  if (code === sqliteFull) return withoutRoom(error)
  if (code === sqliteIoError || code === sqliteReadOnly) return notWritable(error)
  return error
}

export function withoutRoom(cause: unknown): SidecarError {
  return new SidecarError(
    'LedgerFull',
    `The ledger could not store this (${messageOf(cause)}), so nothing of it was recorded. Free or enlarge the volume of the data directory; the sidecar then continues by itself, and you can send the same request again.`,
    { cause },
  )
}

export function notWritable(cause: unknown): SidecarError {
  return new SidecarError(
    'LedgerNotWritable',
    `The volume of the data directory does not work (${messageOf(cause)}), so nothing of this was recorded. Most often it became read-only after an error of the disk: look into the kernel log of the machine, then repair or replace the volume and restart the sidecar.`,
    { cause },
  )
}

function isFull(directory: string): boolean {
  try {
    return statfsSync(directory).bavail === 0
  } catch {
    return false
  }
}

/** SQLite's primary result code, or undefined when the error is none of SQLite's. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
}

/** The system's error code, such as ENOSPC, or undefined when the error is none of the system's. */
export function codeOfSystem(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
