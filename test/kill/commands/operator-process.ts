import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { probeVariables } from '../probe-variables.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const probe = new URL('../phases/phase-probe.ts', import.meta.url).href

export type CommandEnd = 'done' | 'refused' | 'killed'

interface CommandOptions {
  /** Before which of its statements the process kills itself. */
  readonly killAtStatement?: number | undefined
  readonly env?: Readonly<Record<string, string>>
  /** Receives what kills the process from outside. */
  readonly onStart?: (kill: () => void) => void
}

/** Runs a `ledger` command in a process of its own; without a directory where it is about a database alone. */
export function runCommand(
  words: readonly string[],
  dataDirectory: string | undefined,
  { killAtStatement, env = {}, onStart }: CommandOptions = {},
): Promise<CommandEnd> {
  const place = dataDirectory === undefined ? [] : ['--data-dir', dataDirectory]
  const command = ['ledger', ...words, ...place]
  const kill =
    killAtStatement === undefined ? {} : { [probeVariables.killAtStatement]: `${killAtStatement}` }
  const child = spawn(process.execPath, ['--import', probe, 'src/main.ts', ...command], {
    cwd: root,
    env: { ...process.env, ...env, ...kill },
    stdio: 'ignore',
  })
  onStart?.(() => child.kill('SIGKILL'))
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve(signal === 'SIGKILL' ? 'killed' : code === 0 ? 'done' : 'refused')
    })
  })
}

/** Runs `ledger void` for one unit of a dimension. */
export function voidOneUnit(
  dataDirectory: string,
  dimension: string,
  killAtStatement: number | undefined,
): Promise<CommandEnd> {
  const words = `void --dimension ${dimension} --quantity 1 --reason test --yes`.split(' ')
  return runCommand(words, dataDirectory, { killAtStatement })
}

/** What operators have written off, in micro-units by dimension: certainly, and perhaps as well. */
export class WrittenOff {
  readonly #certain = new Map<string, bigint>()
  readonly #perhaps = new Map<string, bigint>()
  readonly counts = { done: 0, refused: 0, killed: 0 }

  note(dimension: string, end: CommandEnd): void {
    this.counts[end] += 1
    if (end === 'refused') return
    const sums = end === 'done' ? this.#certain : this.#perhaps
    sums.set(dimension, (sums.get(dimension) ?? 0n) + 1_000_000n)
  }

  /** Compares the book with it, and takes the book's word for what was killed. */
  check(voided: ReadonlyMap<string, bigint>): string[] {
    return [...new Set([...voided.keys(), ...this.#certain.keys()])].flatMap((dimension) => {
      const found = voided.get(dimension) ?? 0n
      const least = this.#certain.get(dimension) ?? 0n
      const most = least + (this.#perhaps.get(dimension) ?? 0n)
      this.#certain.set(dimension, found)
      this.#perhaps.delete(dimension)
      return found >= least && found <= most
        ? []
        : [
            `${dimension}: ${found} micro-units are written off in the book, not ${least} to ${most}`,
          ]
    })
  }
}
