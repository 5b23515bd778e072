import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { expectNamedTests } from './named-tests.ts'
import { tableOf } from './page.ts'

const rows = tableOf(readFileSync(join(root, 'SECURITY.md'), 'utf8'), 'Who').map((cells) => ({
  cells,
  who: cells[0],
  prevented: cells[2] ?? '',
  tests: cells[3] ?? '',
}))

describe('SECURITY.md', () => {
  test.each(rows)('$who: every row has five cells, and says what to do', ({ cells }) => {
    expect(cells).toHaveLength(5)
    for (const index of [0, 1, 2, 4]) expect(cells[index]).toMatch(/\w/)
  })

  test.each(rows.filter(({ prevented }) => prevented !== 'Nothing.'))(
    '$who: the tests of "$prevented" exist',
    ({ tests }) => {
      expectNamedTests(tests)
    },
  )

  test.each(rows.filter(({ prevented }) => prevented === 'Nothing.'))(
    '$who: what cannot be prevented names no test',
    ({ tests }) => {
      expect(tests).toBe('')
    },
  )
})
