import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { systemCode } from './endpoint-host.ts'

export type DirectoryProblem =
  'NotWritable' | 'ReadOnly' | 'Full' | 'NotADirectory' | 'CannotBeMade' | 'ForeignFiles'

export interface DirectoryState {
  readonly problem: DirectoryProblem | undefined
  /** The system's code behind the problem. */
  readonly code: string
  readonly exists: boolean
  /** The user id; undefined when the directory does not exist. */
  readonly owner: number | undefined
  /** The nearest directory that exists: this one, or one above it. */
  readonly nearest: string
  /** The first ledger file that this user may not use. */
  readonly file?: string
}

/** One block, for which any volume that is not full has room. */
const probeBytes = 4096
const companions = ['', '-wal', '-shm']

/**
 * Finds out whether this user can keep a ledger in a directory. It creates and removes a file, or
 * a directory where the data directory does not exist yet. It does not change the ledger.
 */
export function probeDirectory(
  directory: string,
  ledgerName: string,
  unique: string,
): DirectoryState {
  const { nearest, stats, code: found } = nearestOf(directory)
  const exists = nearest === directory && stats?.isDirectory() === true
  const state = { exists, owner: exists ? stats?.uid : undefined, nearest, code: '' }
  if (found === 'ENOTDIR' || (stats !== undefined && !stats.isDirectory()))
    return { ...state, problem: 'NotADirectory', code: 'ENOTDIR' }
  if (found !== '') return { ...state, problem: 'NotWritable', code: found }
  if (!exists) {
    const code = codeOfMaking(join(nearest, `.doctor-${unique}`))
    return { ...state, problem: code === undefined ? undefined : 'CannotBeMade', code: code ?? '' }
  }
  const code = codeOfWriting(join(directory, `.doctor-${unique}`))
  if (code !== undefined) return { ...state, problem: meaningOf(code), code }
  for (const file of companions.map((suffix) => join(directory, ledgerName + suffix))) {
    const denied = codeOfOpening(file)
    // What is no file at all is for the check of the ledger.
    if (denied !== undefined && !['ENOENT', 'EISDIR'].includes(denied))
      return { ...state, problem: 'ForeignFiles', code: denied, file }
  }
  return { ...state, problem: undefined }
}

/** Finds the directory, or the nearest one above it that exists; if it cannot, with the system's code. */
export function nearestOf(directory: string) {
  for (let path = directory; ; path = dirname(path)) {
    try {
      const stats = statSync(path, { throwIfNoEntry: false })
      if (stats !== undefined) return { nearest: path, stats, code: '' }
      // A link to what is missing: no directory can be made there.
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
        return { nearest: path, stats: undefined, code: 'ENOTDIR' }
    } catch (error) {
      return { nearest: path, stats: undefined, code: systemCode(error) }
    }
    if (path === dirname(path)) return { nearest: path, stats: undefined, code: 'ENOENT' }
  }
}

function codeOfMaking(path: string): string | undefined {
  return codeOf(() => {
    mkdirSync(path, { mode: 0o700 })
    rmdirSync(path)
  })
}

function codeOfOpening(path: string): string | undefined {
  return codeOf(() => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)))
}

function codeOfWriting(path: string): string | undefined {
  return codeOf(() => {
    const descriptor = openSync(path, 'wx', 0o600)
    try {
      writeSync(descriptor, Buffer.alloc(probeBytes, 1))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
      rmSync(path, { force: true })
    }
  })
}

function codeOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return systemCode(error)
  }
}

function meaningOf(code: string): DirectoryProblem {
  if (code === 'EROFS') return 'ReadOnly'
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code) ? 'Full' : 'NotWritable'
}
