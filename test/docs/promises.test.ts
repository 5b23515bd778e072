import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { readPage } from './page.ts'

const page = readPage('explain/promises.md')
const sections = page.split(/^## /m).slice(1)
const rows = sections.flatMap((section) =>
  section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| What is promised'))
    .map((line) => line.split('|').map((cell) => cell.trim())),
)

test('every promise of the README has its section, in the same order', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, list = ''] = /^## Promises\n([^]*?)^## /m.exec(readme) ?? []
  const promised = [...list.matchAll(/^- \*\*(.+?)\.\*\*/gm)].map(([, promise]) => promise)
  expect(promised).toEqual(sections.map((section) => section.split('\n', 1)[0]))
})

test.each(rows.map(([, promise = '', how = '', tests = '']) => ({ promise, how, tests })))(
  '$promise: the tests exist',
  ({ how, tests }) => {
    expect(how).toMatch(/\w/)
    const named = [...tests.matchAll(/`([^`]+)`: ([^;]+)/g)]
    expect(named.length).toBeGreaterThan(0)
    for (const [, file = '', words = ''] of named) {
      expect(existsSync(join(root, file)), file).toBe(true)
      const lines = readFileSync(join(root, file), 'utf8').split('\n')
      const found = lines.filter((line) => line.includes(words))
      // In a test file the quoted words are from a test's title, not from any line.
      const titles = found.filter((line) => /\b(test|describe)\b|^ *['"`]|^ *\]\)\(/.test(line))
      const counts = file.endsWith('.test.ts') ? titles : found
      expect(counts, `${file} has no "${words}"`).not.toEqual([])
    }
  },
)
