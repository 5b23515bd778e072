import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, test, expect } from 'vitest'
import type { CliIo } from '../../src/cli/cli-io.ts'
import { demo } from '../../src/cli/demo/demo.ts'
import { temporaryDirectory } from '../support/ledger/ledger-bench.ts'
import { startEmulator } from './emulator/harness.ts'

test('a directory that the demo cannot use is named by the option, and not by a setting', async () => {
  const aws = await startEmulator()
  onTestFinished(() => aws.close())
  const file = join(temporaryDirectory(), 'a-file')
  writeFileSync(file, '')
  const io: CliIo = {
    env: {},
    stdin: process.stdin,
    out: () => {},
    err: () => {},
    onSignal: () => {},
    abandon: () => {},
  }
  const ports = ['--port', '0', '--ops-port', '0']
  const run = demo([...ports, '--emulator', aws.url, '--data-dir', file], io)
  const error = await run.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'DataDirectoryUnusable',
    message: expect.stringMatching(/or name another one with --data-dir\.$/),
  })
})
