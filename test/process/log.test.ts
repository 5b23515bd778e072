import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createSystemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/observe/log/create-log.ts'
import { root } from '../support/program/program.ts'

test('a standard output that accepts nothing does not end the program', () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const program = `
    import { openStandardOutput } from './src/observe/log/create-log.ts'
    import { createSystemClock } from './src/kernel/clock.ts'
    const { log } = openStandardOutput({ logLevel: 'info' }, createSystemClock())
    for (let line = 0; line < 5; line += 1) log('ledger.failed', 'x'.repeat(1_000_000))
    console.error('well')`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: root, stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
  )
  expect([status, stderr]).toEqual([0, 'well\n'])
})

test('a defect has its message and its stack in the line', () => {
  let text = ''
  const log = createLog(
    { logLevel: 'info' },
    { write: (line: string) => void (text += line) },
    createSystemClock(),
  )
  const error = new TypeError('the defect')
  log('http.failed', error.message, { route: '/', requestId: 'one', error })
  expect(JSON.parse(text)).toMatchObject({
    error: { type: 'TypeError', message: 'the defect', stack: error.stack },
  })
})
