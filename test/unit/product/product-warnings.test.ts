import { describe, expect, test } from 'vitest'
import { parseProductFile } from '../../../src/product/load-product.ts'
import { productWarnings } from '../../../src/product/product-warnings.ts'

const parse = (members: object) =>
  parseProductFile(JSON.stringify({ productCode: 'code-1', route: 'metered', ...members }))

function warningsOf(members: object): string[] {
  const file = parse(members)
  if (!file.ok) throw new Error(file.failure.join('\n'))
  return productWarnings(file.value)
}

describe('an earlier name', () => {
  test('of two dimensions is a mistake: its records can become only one of them', () => {
    const dimensions = [
      'a',
      { name: 'b', replaces: ['old', 'older', 'old'] },
      { name: 'c', replaces: ['old'] },
    ]
    expect(parse({ dimensions })).toEqual({
      ok: false,
      failure: [
        'dimensions[2].replaces: dimensions[1] replaces "old" too; leave it to one of them',
      ],
    })
  })

  test.each([
    ['a dimension of the file', { name: 'b', replaces: ['a', 'old'] }, '"a"'],
    ['its own', { name: 'b', replaces: ['b'] }, '"b"'],
  ])('that is %s replaces nothing, which is told', (_name, dimension, shown) => {
    expect(warningsOf({ dimensions: ['a', dimension] })).toEqual([
      `dimensions[1].replaces: ${shown} is a dimension of this file, so its records stay its own; remove it from the list.`,
    ])
  })

  test('that is the product code of the file is told too', () => {
    expect(warningsOf({ dimensions: ['a'], replaces: ['code-1', 'code-0'] })).toEqual([
      'replaces: "code-1" is the product code of this file; remove it from the list.',
    ])
  })
})

test('staleAfterSeconds of what has no values that stand is told', () => {
  const dimensions = [
    { name: 'a', staleAfterSeconds: 60 },
    { name: 'b', aggregate: 'integral', staleAfterSeconds: 60 },
  ]
  expect(warningsOf({ dimensions })).toEqual([
    'dimensions[0].staleAfterSeconds: only the aggregate integral has values that stand; remove it.',
  ])
})
