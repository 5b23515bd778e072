import { expect, test } from 'vitest'
import { asSentence } from '../../../../src/kernel/text/as-sentence.ts'

test.each([
  ['Rate exceeded', 'Rate exceeded.'],
  ['Rate exceeded.', 'Rate exceeded.'],
  ['Who are you?', 'Who are you?'],
  ['', ''],
])('the words "%s" of another program become "%s"', (text, sentence) => {
  expect(asSentence(text)).toBe(sentence)
})
