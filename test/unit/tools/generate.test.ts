import { describe, expect, test } from 'vitest'
import { between, firstCells, withColumns } from '../../../scripts/generate/marks.ts'

const page = `Before

<!-- codes: made from a table -->
| Code | Status | What to do |
|---|---|---|
| \`Old\` | 400 | Wait |
| \`Gone\` | 404 | Leave |
<!-- end of codes -->

After
`
const lines = (text: string) => text.split('\n')

test('a block is replaced, and nothing around it', () => {
  const text = between(page, 'codes', 'new')
  expect(lines(text)).toEqual([...lines(page).slice(0, 3), 'new', ...lines(page).slice(7)])
})

test.each([
  ['no mark at all', 'colours', page],
  ['no end', 'codes', page.replace('<!-- end of codes -->', '')],
  ['another name that begins alike', 'code', page],
])('a page with %s is an error', (_, name, text) => {
  expect(() => between(text, name, '')).toThrow(`the page has no marks for "${name}"`)
})

describe('columns', () => {
  const rows = [
    ['`New`', '401'],
    ['`Old`', '402'],
  ]

  test('are made anew, in their order, and the others of a row stay', () => {
    expect(lines(withColumns(page, 'codes', rows)).slice(3, 7)).toEqual([
      '| Code | Status | What to do |',
      '|---|---|---|',
      '| `New` | 401 |  |',
      '| `Old` | 402 | Wait |',
    ])
  })

  test('come out alike the second time', () => {
    const once = withColumns(page, 'codes', rows)
    expect(withColumns(once, 'codes', rows)).toBe(once)
  })

  test('keep a bar that is escaped in a cell', () => {
    const text = page.replace('Wait', String.raw`Wait \| leave`)
    expect(withColumns(text, 'codes', rows)).toContain(String.raw`| 402 | Wait \| leave |`)
  })

  test('begin with cells that can be read', () => {
    expect(firstCells(page, 'codes')).toEqual(['`Old`', '`Gone`'])
  })
})
