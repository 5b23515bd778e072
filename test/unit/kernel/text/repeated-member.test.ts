import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeatedMember } from '../../../../src/kernel/text/repeated-member.ts'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":[],"c":"x","b":{}}}', 'b'],
  ['[{"a":1},{"a":2},{"b":"a","a":"b","\\u0061":3}]', 'a'],
  ['{"a\\"b":["{",",","a\\"b"],"a\\"b":1}', 'a"b'],
  ['{"a" : 1,\n"a"\t:\r\n2}', 'a'],
  ['{"a":{"a":{"a":":"},"b":1},"b":"\\":","a":[]}', 'a'],
  ['{"a\\\\":1,"a\\\\":"\\\\\\":"}', 'a\\'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('%s has a member twice', (text, name) => {
  expect(repeatedMember(text, JSON.parse(text))).toBe(name)
})

test('what JSON.stringify writes has no member twice, whatever it is', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat({ max: 3 }), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(repeatedMember(JSON.stringify(value, null, indent), value)).toBeUndefined()
    }),
  )
})

test('a document of a megabyte in one string is looked through, as is one of a hundred thousand strings', () => {
  for (const long of ['x":"'.repeat(200_000), '\\'.repeat(500_000)]) {
    const text = JSON.stringify({ a: long, b: Array(100_000).fill('":') })
    expect(repeatedMember(text, JSON.parse(text))).toBeUndefined()
    const twice = `${text.slice(0, -1)},"a":1}`
    expect(repeatedMember(twice, JSON.parse(twice))).toBe('a')
  }
})
