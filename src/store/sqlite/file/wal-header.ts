import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'

const headerBytes = 32
const magicLittleEndian = 0x377f0682
const magicBigEndian = 0x377f0683

/**
 * Whether the header of a write-ahead log is one. SQLite ignores a log whose header is wrong, without
 * a word, and with it every commit that the log holds. An absent, empty or zeroed one is sound:
 * nothing was ever flushed into it. Form: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
export function walHeaderIsSound(path: string): boolean {
  if (!existsSync(path)) return true
  const header = Buffer.alloc(headerBytes)
  const descriptor = openSync(path, 'r')
  try {
    const length = readSync(descriptor, header, 0, headerBytes, 0)
    if (header.every((byte) => byte === 0)) return true
    if (length < headerBytes) return false
  } finally {
    closeSync(descriptor)
  }
  const magic = header.readUInt32BE(0)
  if (magic !== magicLittleEndian && magic !== magicBigEndian) return false
  const [first, second] = checksum(header.subarray(0, 24), magic === magicBigEndian)
  return header.readUInt32BE(24) === first && header.readUInt32BE(28) === second
}

/**
 * Whether the database at `path` has a write-ahead log: its last sidecar did not end cleanly. A command
 * that only reads can leave an empty one.
 */
export function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}

function checksum(bytes: Buffer, bigEndian: boolean): readonly [number, number] {
  let first = 0
  let second = 0
  for (let offset = 0; offset < bytes.length; offset += 8) {
    const word = (at: number) => (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))
    first = (first + word(offset) + second) >>> 0
    second = (second + word(offset + 4) + first) >>> 0
  }
  return [first, second]
}
