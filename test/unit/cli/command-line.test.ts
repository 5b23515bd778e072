import { expect, test } from 'vitest'
import { readArguments } from '../../../src/cli/command-line.ts'

const options = { dimension: { type: 'string' }, yes: { type: 'boolean' } } as const
const dimensionOf = (command: string, ...args: string[]) =>
  readArguments(command, args, { options }).values.dimension

test('an option of "ledger" with two values is refused, and not the last one taken', () => {
  const twice = ['--dimension', 'requests', '--dimension=storage']
  expect(() => dimensionOf('ledger', ...twice)).toThrow('--dimension is given twice. Give it once.')
  expect(dimensionOf('ledger', '--yes', '--yes', ...twice.slice(0, 2), ...twice.slice(0, 2))).toBe(
    'requests',
  )
})

test('an empty value is refused, except for usage without tags', () => {
  const refused = () =>
    readArguments('demo', ['--data-dir', ''], { options: { 'data-dir': { type: 'string' } } })
  expect(refused).toThrow('--data-dir is empty. Give it a value, or leave it out.')
  const tags = { tags: { type: 'string' } } as const
  expect(readArguments('ledger', ['--tags='], { options: tags }).values.tags).toBe('')
})

test('the arguments of a container follow those of its image, and count', () => {
  expect(dimensionOf('emulate', '--dimension', 'requests', '--dimension', 'storage')).toBe(
    'storage',
  )
})
