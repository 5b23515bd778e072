import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readBounded } from '../../../src/platform/read-bounded.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-bounded-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('64 KiB are read and one byte more is refused', async () => {
  const path = join(folder, 'a')
  writeFileSync(path, 'a'.repeat(65_536))
  expect(await readBounded(path)).toHaveLength(65_536)
  writeFileSync(path, 'a'.repeat(65_537))
  await expect(readBounded(path)).rejects.toThrow('64 KiB')
})

test('a file that does not exist is undefined, a folder and a device are refused', async () => {
  expect(await readBounded(join(folder, 'none'))).toBeUndefined()
  await expect(readBounded(folder)).rejects.toThrow('not a regular file')
  await expect(readBounded('/dev/zero')).rejects.toThrow('not a regular file')
})
