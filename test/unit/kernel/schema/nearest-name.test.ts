import { expect, test } from 'vitest'
import { nearestName } from '../../../../src/kernel/schema/nearest-name.ts'

test('finds the name that was probably meant', () => {
  const names = ['check', 'schema', 'init']
  expect(nearestName('chek', names)).toBe('check')
  expect(nearestName('shcema', names)).toBe('schema')
  expect(nearestName('dance', names)).toBeUndefined()
  expect(nearestName('shwo', ['show', 'audit'])).toBe('show')
  expect(nearestName('rnu', ['run'])).toBe('run')
})

test('does not guess from a name that shares little', () => {
  expect(nearestName('x', ['a', 'b'])).toBeUndefined()
  expect(nearestName('owners', ['colour'])).toBeUndefined()
})
