import { describe, expect, test } from 'vitest'
import { csvLine } from '../../../../src/kernel/text/csv.ts'

describe('a line of CSV', () => {
  test.each([
    [['a', 1, ''], 'a,1,\r'],
    [['a,b', 'say "no"', 'two\nlines', 'c\rd'], '"a,b","say ""no""","two\nlines","c\rd"\r'],
    [['=1', '+1', '-1', '@x', '\tx'], "'=1,'+1,'-1,'@x,'\tx\r"],
    [['a=1', ' =1', -1], 'a=1, =1,-1\r'],
    [['=a,b'], '"\'=a,b"\r'],
  ])('%j', (cells, line) => {
    expect(csvLine(cells)).toBe(line)
  })
})
