import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { statusPageModule } from '../../../scripts/build/status-page.ts'

test('the page in the program is the one of status-page; "npm run build:page" makes it so', async () => {
  const file = new URL('../../../src/http/routes/status-page-text.ts', import.meta.url)
  expect(await readFile(file, 'utf8')).toBe(await statusPageModule())
})
