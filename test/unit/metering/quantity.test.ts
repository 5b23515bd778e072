import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { formatQuantity, parseQuantity } from '../../../src/metering/quantity.ts'

describe('a quantity', () => {
  test.each([
    [0, 0n],
    [-0, 0n],
    [3, 3_000_000n],
    [0.1, 100_000n],
    [1e-6, 1n],
    [0.000001, 1n],
    [1234567890.123456, 1_234_567_890_123_456n],
    [1e15, 10n ** 21n],
    ['0', 0n],
    ['0.25', 250_000n],
    ['007.5', 7_500_000n],
    ['1000000000000000', 10n ** 21n],
    ['123456789012.123456', 123_456_789_012_123_456n],
  ])('%j is taken exactly', (value, micro) => {
    expect(parseQuantity(value)).toEqual({ ok: true, value: micro })
  })

  test.each([
    [-1, 'Negative'],
    [-0.5, 'Negative'],
    ['-3', 'Negative'],
    [Number.NaN, 'NotANumber'],
    [Number.POSITIVE_INFINITY, 'NotANumber'],
    ['NaN', 'NotANumber'],
    ['', 'NotANumber'],
    [' 3', 'NotANumber'],
    ['1e3', 'NotANumber'],
    ['0x10', 'NotANumber'],
    ['1.', 'NotANumber'],
    ['.5', 'NotANumber'],
    ['1_000', 'NotANumber'],
    ['9'.repeat(65), 'NotANumber'],
    [null, 'NotANumber'],
    [true, 'NotANumber'],
    [{}, 'NotANumber'],
    [[3], 'NotANumber'],
    [undefined, 'NotANumber'],
    [0.1234567, 'TooPrecise'],
    ['0.1234567', 'TooPrecise'],
    ['1.0000000', 'TooPrecise'],
    [1e-7, 'TooPrecise'],
    [8589934592.5, 'TooPrecise'],
    [2 ** 53, 'TooPrecise'],
    ['1000000000000001', 'TooLarge'],
    ['1000000000000000.000001', 'TooLarge'],
    [1e15 + 1, 'TooLarge'],
  ])('%j is refused as %s', (value, problem) => {
    expect(parseQuantity(value)).toMatchObject({ ok: false, failure: { problem } })
  })

  test('is the same after being written and read, whatever it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 21n }), (micro) => {
        expect(parseQuantity(formatQuantity(micro))).toEqual({ ok: true, value: micro })
      }),
    )
  })

  test('of at most six digits survives being a JSON number below 2^33', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 33n * 1_000_000n - 1n }), (micro) => {
        const number = JSON.parse(formatQuantity(micro)) as unknown
        expect(parseQuantity(number)).toEqual({ ok: true, value: micro })
      }),
    )
  })

  test('is written as the shortest decimal', () => {
    expect([0n, 1n, 2_500_000n, -1_000_000n, 10n].map(formatQuantity)).toEqual([
      '0',
      '0.000001',
      '2.5',
      '-1',
      '0.00001',
    ])
  })
})
