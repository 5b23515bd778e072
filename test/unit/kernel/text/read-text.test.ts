import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileReader } from '../../../../src/kernel/text/read-text.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-text-'))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('a file is read as UTF-8, through a link too', () => {
  const path = write('a', 'grün')
  symlinkSync(path, join(folder, 'link'))
  expect(fileReader.readText(path)).toBe('grün')
  expect(fileReader.readText(join(folder, 'link'))).toBe('grün')
})

test('a file that does not exist is undefined', () => {
  expect(fileReader.readText(join(folder, 'none'))).toBeUndefined()
  expect(fileReader.readText(join(write('b', ''), 'below-a-file'))).toBeUndefined()
})

test('1 MiB is read and one byte more is refused', () => {
  expect(fileReader.readText(write('full', 'a'.repeat(1_048_576)))).toHaveLength(1_048_576)
  expect(() => fileReader.readText(write('over', 'a'.repeat(1_048_577)))).toThrow('1 MiB')
})

test('a folder and a device are refused', () => {
  expect(() => fileReader.readText(folder)).toThrow('not a regular file')
  expect(() => fileReader.readText('/dev/zero')).toThrow('not a regular file')
})
