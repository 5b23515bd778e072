import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { createSystemClock } from '../../kernel/clock.ts'
import { loadSettings } from '../../config/load-settings.ts'
import { fileReader } from '../../kernel/read-text.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import { Events } from '../../kernel/events.ts'
import { createLog } from '../../observe/log/create-log.ts'
import { startSidecar, type Sidecar, type SidecarOptions } from '../../sidecar/start-sidecar.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { version } from '../version.ts'

export const runHelp = `Runs the sidecar in an ECS task or an EKS pod.

usage: marketplace-sidecar run [--print-config | --check] [--json]

  --print-config  print every setting with its source, and the product; start nothing
  --check         report every mistake, the data directory's too; start nothing; exit code 0 or 2
  --json          JSON for programs, with either

All settings come from SIDECAR_* environment variables and from the product file that the seller
baked into the image; docs/configuration.md lists them. SIGTERM drains, flushes and ends.`

const runOptions = {
  'print-config': { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** The command `run`. Resolves with the exit code. */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: runOptions })
  const { 'print-config': print, check, json, help } = values
  if (help) {
    io.out(runHelp)
    return exitCodes.ok
  }
  if ((print && check) || (json && !print && !check))
    throw new SidecarError(
      'InvalidArguments',
      'Give one of --print-config and --check; --json goes with either.',
    )
  if (print || check) {
    // Not on the way of a start.
    const { checkConfig, printConfig } = await import('./run-config.ts')
    const { thisMachine } = await import('../this-machine.ts')
    const machine = thisMachine(io.env)
    return print ? printConfig(io, machine, json) : checkConfig(io, machine, json)
  }
  const settings = loadSettings(io.env, fileReader)
  const log = createLog(settings.logLevel)
  const clock = createSystemClock()
  return runUntilSignal(io, {
    settings,
    env: io.env,
    hostname: hostname(),
    version,
    clock,
    timers: clock,
    ticks: 'cron',
    events: new Events((error) => log('hooks.failed', messageOf(error))),
    log,
    out: (line) => io.out(line),
    random: Math.random,
    randomBytes,
  })
}

/** Runs a sidecar until a signal or a failure of its ledger, and resolves with the exit code. */
export async function runUntilSignal(
  io: CliIo,
  options: SidecarOptions,
  onStarted: (sidecar: Sidecar) => void = () => {},
): Promise<number> {
  const signalled = new Promise<'signal'>((resolve) => io.onSignal(() => resolve('signal')))
  const sidecar = await startSidecar(options)
  onStarted(sidecar)
  const ended = await Promise.race([signalled, sidecar.failed])
  if (ended instanceof SidecarError) return exitCodeOf(ended)
  // A flush that fails while the sidecar stops must not be waited for either.
  const stopped = await Promise.race([sidecar.stop(), sidecar.failed])
  return stopped instanceof SidecarError ? exitCodeOf(stopped) : exitCodes.ok
}
