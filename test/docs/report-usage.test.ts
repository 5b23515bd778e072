import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

test('the page has a row for each example, and no other', () => {
  const links = tableOf(readPage('guides/report-usage.md'), 'Language').map(
    ([, cell = '']) => /\(\.\.\/\.\.\/(.*)\)/.exec(cell)?.[1],
  )
  expect(new Set(links)).toEqual(new Set(globSync('examples/usage/*/*', { cwd: root })))
})
