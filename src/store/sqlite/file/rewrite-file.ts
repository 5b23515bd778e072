import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 1 << 20

/**
 * Writes every byte of a file again as it reads, so that the next flush covers all of it. After a failed
 * flush the kernel counts pages as written that are only in its cache: they can be read, and no later
 * flush writes them unless they are written again. Call it while nothing else can write the file.
 */
export async function rewriteFile(handle: FileHandle): Promise<void> {
  const chunk = Buffer.alloc(chunkBytes)
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position)
    if (bytesRead === 0) return
    for (let written = 0; written < bytesRead;)
      written += (await handle.write(chunk, written, bytesRead - written, position + written))
        .bytesWritten
    position += bytesRead
  }
}
