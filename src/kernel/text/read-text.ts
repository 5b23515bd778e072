import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Reads files for the loader; tests pass one that reads from memory. */
export interface TextReader {
  /** The content, or undefined when there is no such file. Throws when it exists and can't be read. */
  readText(path: string): string | undefined
}

const largestFileBytes = 1_048_576

/** Reads UTF-8 text from regular files of at most 1 MiB. */
export const fileReader: TextReader = {
  readText(path) {
    let descriptor: number
    try {
      // Without O_NONBLOCK a named pipe at this path would block the start indefinitely.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
    try {
      return readAll(descriptor)
    } finally {
      closeSync(descriptor)
    }
  },
}

function readAll(descriptor: number): string {
  if (!fstatSync(descriptor).isFile()) throw new Error('it is not a regular file')
  const bytes = Buffer.alloc(largestFileBytes + 1)
  let length = 0
  for (;;) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
    if (length > largestFileBytes) throw new Error('it is larger than 1 MiB')
  }
  return bytes.toString('utf8', 0, length)
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
