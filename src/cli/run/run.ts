import { helpOption, invalidArguments, readArguments } from '../command-line.ts'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { loadSettings } from '../../config/load-settings.ts'
import { createSystemClock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { Events } from '../../kernel/events.ts'
import { fileReader } from '../../kernel/text/read-text.ts'
import { openStandardOutput } from '../../observe/log/create-log.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { pastClosedPipe } from '../past-closed-pipe.ts'
import { runUntilSignal } from '../run-until-signal.ts'
import { docsAddress } from '../docs-address.ts'
import { version } from '../version.ts'
import { giveMemoryBack, thisProcess } from './give-memory-back.ts'

export const runHelp = `Runs the sidecar in an ECS task or an EKS pod.

usage: marketplace-sidecar run [--print-config | --check] [--json]

  --print-config  print every setting with its source, and the product; start nothing
  --check         list every mistake, also of the data directory; start nothing; exit code 0 or 2
  --json          print JSON for programs, with either option

All settings come from SIDECAR_* environment variables and from the product file that the seller
baked into the image; docs/reference/configuration.md lists them.
On SIGTERM, SIGINT or SIGHUP it drains, flushes and ends.`

const runOptions = {
  'print-config': { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: helpOption,
} as const

/** The command `run`. Resolves with the exit code. */
export async function run(args: readonly string[], io: CliIo): Promise<number> {
  const { values } = readArguments('run', args, { options: runOptions })
  const { 'print-config': print, check, json, help } = values
  if (help) {
    io.out(runHelp)
    return exitCodes.ok
  }
  if ((print && check) || (json && !print && !check))
    throw invalidArguments(
      'Give one of --print-config and --check; --json goes with either.',
      'run',
    )
  if (print || check) {
    // Loaded here, so that a start does not wait for it.
    const { checkConfig, printConfig } = await import('./run-config.ts')
    const { thisMachine } = await import('../this-machine.ts')
    const machine = thisMachine(io.env)
    return print ? printConfig(io, machine, json) : checkConfig(pastClosedPipe(io), machine, json)
  }
  const settings = loadSettings(io.env, fileReader)
  const clock = createSystemClock()
  const { log, out, drained, droppedLines } = openStandardOutput(
    { ...settings, docsUrl: settings.docsUrl ?? docsAddress },
    clock,
  )
  const memory = thisProcess()
  using _ = memory && giveMemoryBack(clock, memory)
  try {
    return await runUntilSignal(io, {
      settings,
      env: io.env,
      hostname: hostname(),
      version,
      clock,
      timers: clock,
      events: new Events((error) => log('hooks.failed', messageOf(error))),
      log,
      out,
      droppedLines,
      random: Math.random,
      randomBytes,
    })
  } finally {
    await drained()
  }
}
