import { expect, test } from 'vitest'
import { keyOfToken, receiptsOfText, textOfReceipts } from '../../../src/store/claim-row.ts'

const at = (hour: number, late = false) => ({ result: 'accepted' as const, hour, late })

test('receipts come back as they were, in their order', () => {
  const lists = [
    [],
    [at(1)],
    [at(1), at(1), at(2), at(1)],
    [
      at(1, true),
      { ...at(1, true), counted: false as const },
      { ...at(1, true), counted: false as const },
    ],
  ]
  for (const receipts of lists) expect(receiptsOfText(textOfReceipts(receipts))).toEqual(receipts)
})

test('receipts that an earlier edition wrote can be read', () => {
  expect(receiptsOfText('[[5,0],[6,1],[7,1,0]]')).toEqual([
    at(5),
    at(6, true),
    { ...at(7, true), counted: false },
  ])
})

test('the same receipts one after the other are one entry', () => {
  expect(textOfReceipts(Array.from({ length: 1000 }, () => at(5)))).toBe('[[5,0,1,1000]]')
})

test('a key takes 16 bytes, and another key has others', () => {
  const keys = ['request:a', 'report:a', 'x'.repeat(300)].map((token) => keyOfToken(token))
  expect(keys.map(({ length }) => length)).toEqual([16, 16, 16])
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(3)
})
