import { closeSync, openSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { reportError } from '../../../src/cli/report-error.ts'
import { writeLine } from '../../../src/cli/write-line.ts'

function thrownBy(work: () => void): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

test('an output on a full disk is an error that says what stands, and no stack', () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const lines: string[] = []
  const io = {
    env: {},
    stdin: new PassThrough(),
    out: () => {},
    err: (line: string) => void lines.push(line),
    onSignal: () => {},
    abandon: () => {},
  }
  const error = thrownBy(() => writeLine(full, 'Written off: 5 requests.'))
  expect(reportError(error, io)).toBe(1)
  // Standard error may be on the same disk.
  expect(reportError(error, { ...io, err: (line) => writeLine(full, line) })).toBe(1)
  expect(lines).toEqual([
    expect.stringMatching(/^OutputFailed: .*ENOSPC.* What the command has changed stands: /),
  ])
})
