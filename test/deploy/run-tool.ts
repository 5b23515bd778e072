import { execFile } from 'node:child_process'
import { root } from '../support/program/program.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a tool until it ends, in the root of the repository or another folder. */
export function runTool(
  command: string,
  args: readonly string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, env: { ...process.env, ...env }, maxBuffer: 32 << 20 },
      (error, out, err) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, out, err })
        else reject(error ?? new Error(`${command} does not have an exit code`))
      },
    )
  })
}
