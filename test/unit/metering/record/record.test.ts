import { describe, expect, test } from 'vitest'
import { decisionCodes, isDecision } from '../../../../src/metering/record/decisions.ts'
import {
  mergeAllocations,
  possiblyTaken,
  usageOfPart,
  type RecordPart,
} from '../../../../src/metering/record/record.ts'

const account = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 3n,
  aggregate: 'sum',
  scope: 'resource',
} as const
const part = (quantity: bigint, allocations?: RecordPart['allocations']): RecordPart => ({
  account,
  quantity,
  allocations,
})

test('AWS may have a record that is in flight, and one whose answer was lost', () => {
  const taken = [true, false].flatMap((inFlight) =>
    [true, false].map((ambiguous) => possiblyTaken({ inFlight, ambiguous })),
  )
  expect(taken).toEqual([true, true, true, false])
})

test('a part goes back as usage in what the application counts, without shares of 0', () => {
  expect(usageOfPart(part(2n))).toEqual([{ tags: '', quantity: 6n }])
  const shares = [
    { tags: 'a', quantity: 0n },
    { tags: 'b', quantity: 2n },
  ]
  expect(usageOfPart(part(2n, shares))).toEqual([{ tags: 'b', quantity: 6n }])
})

describe('the allocations of a record', () => {
  test('are those of its one part', () => {
    const shares = [{ tags: 'b', quantity: 0n }]
    expect(mergeAllocations([part(0n, shares)])).toBe(shares)
    expect(mergeAllocations([])).toBeUndefined()
  })

  test('are none where no part has any', () => {
    expect(mergeAllocations([part(1n), part(2n)])).toBeUndefined()
  })

  test('are added up by tag set, in their order, untagged parts too, and none of 0', () => {
    const tagged = [
      { tags: 'c', quantity: 1n },
      { tags: 'b', quantity: 0n },
      { tags: 'a', quantity: 2n },
    ]
    const more = [{ tags: 'a', quantity: 3n }]
    expect(mergeAllocations([part(3n, tagged), part(4n), part(3n, more)])).toEqual([
      { tags: '', quantity: 4n },
      { tags: 'a', quantity: 5n },
      { tags: 'c', quantity: 1n },
    ])
  })
})

test('the codes of decisions are told from those of AWS', () => {
  expect(decisionCodes.every((code) => isDecision(code))).toBe(true)
  expect([isDecision('ThrottlingException'), isDecision('')]).toEqual([false, false])
})
