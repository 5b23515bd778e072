import { PassThrough } from 'node:stream'
import { doctorCommand } from '../../../src/cli/doctor/doctor.ts'
import type { Machine } from '../../../src/doctor/machine.ts'

export interface DoctorResult {
  readonly code: number
  readonly out: readonly string[]
}

/** Runs the command `doctor` on a test's machine, as main.ts does. */
export async function runDoctor(
  machine: Machine,
  ...args: readonly string[]
): Promise<DoctorResult> {
  const out: string[] = []
  const code = await doctorCommand(
    args,
    {
      env: machine.env,
      stdin: new PassThrough(),
      out: (line) => void out.push(line),
      err: () => {},
      onSignal: () => {},
      abandon: () => {},
    },
    machine,
  )
  return { code, out }
}

/** One of `checks` in the JSON that `--json` prints. */
export interface JsonFinding {
  readonly id: string
  readonly subject: string | null
  readonly status: string
  readonly problem: string | null
  readonly message: string
  readonly fix: string | null
}

/** What `--json` prints. */
export async function doctorJson(machine: Machine, ...args: readonly string[]) {
  const { code, out } = await runDoctor(machine, '--json', ...args)
  const body = JSON.parse(out.join('\n')) as {
    readonly status: string
    readonly checks: readonly JsonFinding[]
    readonly certify?: Readonly<Record<string, unknown>>
  }
  return { code, ...body }
}
