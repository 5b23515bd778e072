import { expect, test } from 'vitest'
import { isObject } from '../../../src/kernel/is-object.ts'

test('only what JSON writes in braces is an object', () => {
  const values = [{}, { a: 1 }, [], null, 'text', 1, true, undefined]
  expect(values.filter(isObject)).toEqual([{}, { a: 1 }])
})
