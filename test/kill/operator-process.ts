import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { probeVariables } from './probe-variables.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const probe = new URL('./phases/phase-probe.ts', import.meta.url).href

export type CommandEnd = 'done' | 'refused' | 'killed'

/** Runs `ledger void` for one unit of a dimension, in a process that may kill itself before one of its statements. */
export function voidOneUnit(
  dataDirectory: string,
  dimension: string,
  killAtStatement: number | undefined,
): Promise<CommandEnd> {
  const command = `ledger void --dimension ${dimension} --quantity 1 --reason test --yes --data-dir`
  const args = ['--import', probe, 'src/main.ts', ...command.split(' '), dataDirectory]
  const kill =
    killAtStatement === undefined ? {} : { [probeVariables.killAtStatement]: `${killAtStatement}` }
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...kill },
    stdio: 'ignore',
  })
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve(signal === 'SIGKILL' ? 'killed' : code === 0 ? 'done' : 'refused')
    })
  })
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
