import { expect, test } from 'vitest'
import { countOverflow } from '../../../src/ledger/reporting/count-overflow.ts'

test('only what overflowed meanwhile is counted, by dimension', () => {
  const overflowed = new Map([
    ['requests', 2],
    ['storage', 5],
  ])
  const counted = countOverflow({ overflowed }, () => {
    overflowed.set('requests', 5).set('seats', 1)
    return 'receipts'
  })
  expect(counted).toEqual({
    result: 'receipts',
    overflowed: [
      ['requests', 3],
      ['seats', 1],
    ],
  })
})
