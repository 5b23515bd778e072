import { readSync, writeSync } from 'node:fs'

const chunkBytes = 1 << 20

/**
 * Writes every byte of an open file again as it reads, so that the next flush covers all of it: after a
 * failed flush the kernel counts pages as written that are only in its cache. Call it while nothing else
 * can write the file. For where there is no room to renew a file: some file systems need more than this.
 */
export function rewriteFile(descriptor: number): void {
  const chunk = Buffer.alloc(chunkBytes)
  for (let position = 0; ;) {
    const read = readSync(descriptor, chunk, 0, chunkBytes, position)
    if (read === 0) return
    for (let written = 0; written < read;)
      written += writeSync(descriptor, chunk, written, read - written, position + written)
    position += read
  }
}
