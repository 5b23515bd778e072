import { expect, test } from 'vitest'
import { parseBytes } from '../../../src/config/settings/parse-bytes.ts'

test.each([
  ['1073741824', 1_073_741_824],
  ['1Gi', 1_073_741_824],
  ['512Mi', 536_870_912],
  ['2Ki', 2048],
  ['500M', 500_000_000],
  ['1T', 1e12],
])('%s is %i bytes', (size, bytes) => {
  expect(parseBytes(size)).toBe(bytes)
})
