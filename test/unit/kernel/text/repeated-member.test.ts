import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeatedMember } from '../../../../src/kernel/text/repeated-member.ts'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":[],"c":"x","b":{}}}', 'b'],
  ['[{"a":1},{"a":2},{"b":"a","a":"b","\\u0061":3}]', 'a'],
  ['{"a\\"b":["{",",","a\\"b"],"a\\"b":1}', 'a"b'],
])('%s has a member twice', (text, name) => {
  expect(repeatedMember(text)).toBe(name)
})

test('what JSON.stringify writes has no member twice, whatever it is', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat({ max: 3 }), (text, indent) => {
      expect(repeatedMember(JSON.stringify(JSON.parse(text), null, indent))).toBeUndefined()
    }),
  )
})
