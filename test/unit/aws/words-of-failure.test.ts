import { expect, test } from 'vitest'
import { wordsOfFailure } from '../../../src/aws/words-of-failure.ts'

test('what AWS said and what to do are two sentences', () => {
  expect(wordsOfFailure({ message: 'Not authorized', advice: 'Allow it.' })).toBe(
    'Not authorized. Allow it.',
  )
  expect(wordsOfFailure({ message: 'No!', advice: 'Wait.' })).toBe('No! Wait.')
  expect(wordsOfFailure({ message: '', advice: 'Wait.' })).toBe('Wait.')
})
