/**
 * Runs the sidecar on the clock of an emulator with short hours, as `demo` does but without its narrator:
 * `node fast-sidecar.ts`, with the same settings as `run`.
 */
import { randomBytes } from 'node:crypto'
import { createFastClock, createSystemClock } from '../../src/kernel/clock.ts'
import { connectEmulator } from '../../src/cli/demo/demo-emulator.ts'
import { loadSettings } from '../../src/config/load-settings.ts'
import { fileReader } from '../../src/kernel/text/read-text.ts'
import { Events } from '../../src/kernel/events.ts'
import { openStandardOutput } from '../../src/observe/log/create-log.ts'
import { startSidecar } from '../../src/sidecar/start-sidecar.ts'

async function main(): Promise<void> {
  const settings = loadSettings(process.env, fileReader)
  const { rate, now } = await connectEmulator(settings.awsEndpoint ?? '')
  const timers = createSystemClock()
  const { log, out, droppedLines } = openStandardOutput(settings, timers)
  await startSidecar({
    settings,
    env: process.env,
    hostname: 'bench',
    version: 'bench',
    clock: createFastClock(rate, now),
    timers,
    events: new Events(),
    log,
    out,
    droppedLines,
    random: Math.random,
    randomBytes,
  })
}

void main()
