import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Reads the text of a small file; undefined when there is none. Rejects when it can't be read. */
export type ReadBounded = (path: string) => Promise<string | undefined>

const largestFileBytes = 65_536

/** Reads regular files of at most 64 KiB. */
export const readBounded: ReadBounded = async (path) => {
  // Without O_NONBLOCK a named pipe at this path would block the start indefinitely.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file')
    const bytes = Buffer.alloc(largestFileBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      if (bytesRead === 0) return bytes.toString('utf8', 0, length)
      length += bytesRead
      if (length > largestFileBytes) throw new Error('it is larger than 64 KiB')
    }
  } finally {
    await file.close()
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
