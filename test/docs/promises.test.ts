import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { expectNamedTests } from './named-tests.ts'
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
    expectNamedTests(tests)
  },
)
