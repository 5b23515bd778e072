import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { CliIo } from '../../../src/cli/cli-io.ts'
import { paint } from '../../../src/cli/paint.ts'

const io = (more: Partial<CliIo>): CliIo => ({
  env: {},
  stdin: new PassThrough(),
  out: () => {},
  err: () => {},
  onSignal: () => {},
  abandon: () => {},
  ...more,
})

test('colours text on a terminal only, and not where NO_COLOR is set', () => {
  expect(paint(io({ isTerminal: true }), 'red', 'fail')).toBe('\u001B[31mfail\u001B[0m')
  expect(paint(io({}), 'red', 'fail')).toBe('fail')
  expect(paint(io({ isTerminal: true, env: { NO_COLOR: '1' } }), 'red', 'fail')).toBe('fail')
})
