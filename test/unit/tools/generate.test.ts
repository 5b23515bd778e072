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

test('a block is replaced, and the text around it stays', () => {
  const text = between(page, 'codes', 'new')
  expect(lines(text)).toEqual([...lines(page).slice(0, 3), 'new', ...lines(page).slice(7)])
})

test.each([
  ['no marks', 'colours', page],
  ['no end mark', 'codes', page.replace('<!-- end of codes -->', '')],
  ['a name that only begins the same', 'code', page],
])('a page with %s is an error', (_, name, text) => {
  expect(() => between(text, name, '')).toThrow(`the page does not have the marks for "${name}"`)
})

describe('columns', () => {
  const rows = [
    ['`New`', '401'],
    ['`Old`', '402'],
  ]

  test('are replaced in the given order, and the other cells of a row stay', () => {
    expect(lines(withColumns(page, 'codes', rows)).slice(3, 7)).toEqual([
      '| Code | Status | What to do |',
      '|---|---|---|',
      '| `New` | 401 |  |',
      '| `Old` | 402 | Wait |',
    ])
  })

  test('stay the same the second time', () => {
    const once = withColumns(page, 'codes', rows)
    expect(withColumns(once, 'codes', rows)).toBe(once)
  })

  test('keep an escaped bar in a cell', () => {
    const text = page.replace('Wait', String.raw`Wait \| leave`)
    expect(withColumns(text, 'codes', rows)).toContain(String.raw`| 402 | Wait \| leave |`)
  })

  test('have readable first cells', () => {
    expect(firstCells(page, 'codes')).toEqual(['`Old`', '`Gone`'])
  })
})
