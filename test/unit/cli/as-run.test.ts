import { expect, test } from 'vitest'
import { asRun } from '../../../src/cli/as-run.ts'

const advice = 'For help, run:\nmarketplace-sidecar ledger --help'

test.each(['cli', 'start'])(
  'under the script %s of npm, a command to copy runs in a checkout',
  (script) => {
    expect(asRun(advice, script)).toBe('For help, run:\nnpm run cli -- ledger --help')
  },
)

test.each([undefined, 'test'])('otherwise it stays as it is: %s', (script) => {
  expect(asRun(advice, script)).toBe(advice)
})

test('the name of the program inside a line stays', () => {
  const usage = 'marketplace-sidecar: metering\nusage: marketplace-sidecar <command>'
  expect(asRun(usage, 'cli')).toBe(usage)
})
