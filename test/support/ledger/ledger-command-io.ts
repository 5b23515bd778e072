import { PassThrough } from 'node:stream'
import type { CliIo } from '../../../src/cli/cli-io.ts'
import { ledger } from '../../../src/cli/ledger/ledger-command.ts'
import type { Clock } from '../../../src/kernel/clock.ts'

export interface CommandResult {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

export interface CommandSurroundings {
  /** What a person types on the terminal; without it there is none. */
  readonly typed?: string
  /** The files of the machine, by path. */
  readonly files?: Readonly<Record<string, string>>
}

/** Runs the command `ledger` on a directory, as main.ts does. */
export async function runLedger(
  directory: string | undefined,
  clock: Clock,
  args: readonly string[],
  env: CliIo['env'] = {},
  { typed, files = {} }: CommandSurroundings = {},
): Promise<CommandResult> {
  const out: string[] = []
  const err: string[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined })
  stdin.end(typed ?? 'y\n')
  const io: CliIo = {
    env,
    stdin,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    onSignal: () => {},
    abandon: () => {},
  }
  const where = directory === undefined ? [] : ['--data-dir', directory]
  const reader = { readText: (path: string) => files[path] }
  const code = await ledger([...args, ...where], io, clock, reader)
  return { code, out, err }
}

/** The same with `--json`; what it printed, parsed. */
export async function ledgerJson(
  directory: string,
  clock: Clock,
  ...args: readonly string[]
): Promise<Record<string, unknown>> {
  const { out } = await runLedger(directory, clock, [...args, '--json'])
  return JSON.parse(out.join('\n'))
}
