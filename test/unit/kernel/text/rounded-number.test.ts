import {
  array,
  assert,
  constant,
  constantFrom,
  integer,
  oneof,
  option,
  property,
  record,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { roundedNumber } from '../../../../src/kernel/text/rounded-number.ts'

/** Whether a decimal text and the shortest text of the number that it becomes have one value, in integers. */
function isKept(text: string): boolean {
  const value = Number(text)
  return !Number.isFinite(value) || fractionOf(text) === fractionOf(String(value))
}

/** The value as a reduced fraction of powers of ten, `digits/10^n`, over a common 10^800. */
function fractionOf(text: string): bigint {
  const [, sign = '', whole = '', part = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? []
  const shift = 800 + Number(power) - part.length
  return BigInt(`${sign}${whole}${part}`) * 10n ** BigInt(shift)
}

const digits = (most: number) =>
  array(constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), {
    minLength: 1,
    maxLength: most,
  }).map((of) => of.join(''))
const numbers = record({
  sign: constantFrom('', '-'),
  whole: oneof(
    constant('0'),
    digits(25).map((of) => `1${of}`),
    digits(14).map((of) => `9${of}`),
  ),
  part: option(digits(30), { nil: undefined }),
  power: option(tuple(constantFrom('e', 'E', 'e+', 'e-', 'E-'), integer({ min: 0, max: 340 })), {
    nil: undefined,
  }),
}).map(({ sign, whole, part, power }) =>
  [sign, whole, part === undefined ? '' : `.${part}`, power?.join('') ?? ''].join(''),
)

describe('a number in a body', () => {
  test('is found exactly when JavaScript would round it, wherever it stands', () => {
    assert(
      property(numbers, constantFrom('', ' ', '\n'), (number, blank) => {
        const expected = isKept(number) ? undefined : number
        for (const text of [
          `{"quantity":${blank}${number}}`,
          `[1,${blank}${number}]`,
          `${blank}${number}`,
          `{"a":"x","b":[{"c":${number}}]}`,
        ])
          expect([text, roundedNumber(text)]).toEqual([text, expected])
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['2.9999999999999999999999', true],
    ['9007199254740993', true],
    ['5.0000000000000000001', true],
    ['0.1000000000000000055511151231257827', true],
    ['1e-400', true],
    ['0.30000000000000004', false],
    ['9007199254740992', false],
    ['2.50000000000000000000000', false],
    ['1e22', false],
    ['1e400', false],
    ['0e-500', false],
  ])('%s is rounded: %j', (number, isRounded) => {
    expect(roundedNumber(`{"quantity":${number}}`)).toBe(isRounded ? number : undefined)
  })

  test.each([
    '{"idempotencyKey":"12345678901234567890.5"}',
    '{"idempotencyKey":"3e-400: 2.9999999999999999999999"}',
    '{"a":"\\":9007199254740993"}',
  ])('is not looked for in texts: %s', (text) => {
    expect(roundedNumber(text)).toBeUndefined()
  })

  test('may be rounded in a member that is named', () => {
    expect(roundedNumber('{"Timestamp":1773133200.1234567}', 'Timestamp')).toBeUndefined()
    const text = '{"Timestamp":1773133200.1234567,"UsageQuantity":2.9999999999999999999999}'
    expect(roundedNumber(text, 'Timestamp')).toBe('2.9999999999999999999999')
  })

  test('of a million digits takes no longer than its length says', () => {
    const long = `{"quantity":1.${'0'.repeat(1_000_000)}1}`
    expect(roundedNumber(long)).toHaveLength(1_000_003)
  })
})
