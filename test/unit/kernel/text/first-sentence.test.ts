import { expect, test } from 'vitest'
import { firstSentence } from '../../../../src/kernel/text/first-sentence.ts'

test.each([
  ['No source names a region. Set SIDECAR_REGION. Or AWS_REGION.', 'No source names a region.'],
  ['The endpoint sts.amazonaws.com is not one.', 'The endpoint sts.amazonaws.com is not one.'],
  ['', ''],
])('%j begins with the sentence %j', (text, first) => {
  expect(firstSentence(text)).toBe(first)
})
