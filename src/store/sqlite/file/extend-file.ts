import { fstatSync, writeSync } from 'node:fs'

const zeros = Buffer.alloc(1 << 18)

/**
 * Makes an open file at least `bytes` long with zeros that are written, so that the volume has given room
 * for them. Returns its length. Throws what the system says when there is none; the file may have grown.
 */
export function extendFile(descriptor: number, bytes: number): number {
  let { size } = fstatSync(descriptor)
  while (size < bytes)
    size += writeSync(descriptor, zeros, 0, Math.min(zeros.length, bytes - size), size)
  return size
}
