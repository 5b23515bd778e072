import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureStatusPage, statusPageModule } from '../../../scripts/build/status-page.ts'
import { temporaryDirectory } from '../../support/program/program.ts'

test('the page in the program is made from status-page', async () => {
  const file = new URL('../../../src/http/routes/status-page-text.ts', import.meta.url)
  expect(await readFile(file, 'utf8')).toBe(await statusPageModule())
})

test('a page that is missing or older than its sources is made, and a newer one stays', async () => {
  const file = join(temporaryDirectory(), 'text.ts')
  await ensureStatusPage(file)
  expect(await readFile(file, 'utf8')).toBe(await statusPageModule())
  await writeFile(file, 'newer')
  await ensureStatusPage(file)
  expect(await readFile(file, 'utf8')).toBe('newer')
  const before = new Date((await stat('status-page/main.ts')).mtimeMs - 1000)
  await utimes(file, before, before)
  await ensureStatusPage(file)
  expect(await readFile(file, 'utf8')).toBe(await statusPageModule())
})
