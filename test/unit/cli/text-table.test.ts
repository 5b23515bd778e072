import { describe, expect, test } from 'vitest'
import { printable, renderTable, textWidth, wrap } from '../../../src/cli/text-table.ts'

describe('a table', () => {
  test('is as wide as its cells, numbers to the right', () => {
    const columns = [{ title: 'name' }, { title: 'n', align: 'right' }] as const
    expect(
      renderTable(columns, [
        ['a', '1'],
        ['long name', '10'],
      ]),
    ).toEqual(['name        n', 'a           1', 'long name  10'])
  })

  test('cuts the columns that may shrink, the widest first, and no other', () => {
    const columns = [{ title: 'a', shrinks: true }, { title: 'b' }, { title: 'c', shrinks: true }]
    const [, line = ''] = renderTable(columns, [['a'.repeat(90), 'b'.repeat(30), 'c'.repeat(20)]])
    expect(line).toBe(`${'a'.repeat(45)}…  ${'b'.repeat(30)}  ${'c'.repeat(20)}`)
    expect(line).toHaveLength(textWidth)
  })

  test('is wider than the terminal when cells must stay whole', () => {
    const [, line = ''] = renderTable([{ title: 'id' }], [['x'.repeat(120)]])
    expect(line).toBe('x'.repeat(120))
  })
})

describe('text', () => {
  test('is wrapped at words, with an indent from the second line on', () => {
    const lines = wrap('word '.repeat(40).trim(), 10)
    expect(lines.map((line) => line.length)).toEqual([89, 99, 29])
    expect(lines[1]).toMatch(/^ {10}word/)
  })

  test('is wrapped as one paragraph where a command had a line of its own', () => {
    expect(wrap('The schema is missing. Run:\nmarketplace-sidecar ledger migrate', 4)).toEqual([
      'The schema is missing. Run: marketplace-sidecar ledger migrate',
    ])
  })

  test('loses the characters that control a terminal', () => {
    expect(printable('a\u001b[31mb\r\n\u202ec\u2028')).toBe('a?[31mb???c?')
  })
})
