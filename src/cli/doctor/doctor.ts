import { helpOption, invalidArguments, readArguments } from '../command-line.ts'
import { certify, type Certified } from '../certify/certify.ts'
import { mostUnits } from '../certify/certify-plan.ts'
import type { Finding } from '../../doctor/check.ts'
import { checks } from '../../doctor/checks/checks.ts'
import { Diagnosis } from '../../doctor/diagnosis.ts'
import type { Machine } from '../../doctor/machine.ts'
import { runChecks, worstOf } from '../../doctor/run-checks.ts'
import type { SidecarError } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { describeCertified, describeFindings, doctorBody } from './doctor-output.ts'
import { exitCodes } from '../exit-codes.ts'
import { pastClosedPipe } from '../past-closed-pipe.ts'
import { thisMachine } from '../this-machine.ts'
import { wrap } from '../text-table.ts'

export const doctorHelp = `Finds out what keeps a sidecar from working here, and how to fix each problem.

usage: marketplace-sidecar doctor [options]

  --json           JSON for programs
  --no-calls       do not call AWS in the name of this task or pod
  --expect-running a sidecar that does not run is a failure, not a warning
  --demo           check the demo that runs on this machine: npm start
    --product <file>, --route <route>, --port <n>, --ops-port <n>, --emulator-port <n>
                   the same options that the demo was started with
  --certify        also report every dimension, as AWS requires before a listing goes public
    --yes          really report it, which bills the buyer who runs this task or pod
    --quantity <n> how many units of each dimension to report (1)
    --wait         wait until AWS has decided about every record, which can take an hour

Run it in the task or pod, with or without a running sidecar, which it does not disturb. It calls
RegisterUsage (routes hourly and both) and MeterUsage with DryRun (routes metered and both). DryRun
records nothing. RegisterUsage is what a sidecar calls when it starts: where none has run yet, AWS
meters this task or pod from then on. --no-calls leaves both out.

Exit codes: 0 all is well, 1 there are warnings, 2 something failed (or wrong arguments).
docs/reference/doctor.md has every check.`

/** The exit code of the worst finding. */
export const doctorExitCodes = { pass: 0, warn: 1, fail: 2 } as const

/** Runs the command `doctor` on this machine. Resolves with the exit code. */
export function doctor(args: readonly string[], io: CliIo): Promise<number> {
  return doctorCommand(args, pastClosedPipe(io), thisMachine(io.env))
}

/** Runs the command on any machine, such as one made for a test. */
export async function doctorCommand(
  args: readonly string[],
  io: CliIo,
  machine: Machine,
): Promise<number> {
  const { values } = readArguments('doctor', args, { options: doctorOptions })
  if (values.help) {
    io.out(doctorHelp)
    return exitCodes.ok
  }
  const options = checkOptions(values)
  const target = values.demo ? await demoOn(machine, values) : machine
  const diagnosis = new Diagnosis({
    ...target,
    callAws: !values['no-calls'],
    expectRunning: values['expect-running'] || values.demo,
  })
  const print = (lines: readonly string[]) => {
    if (!values.json) for (const line of lines) io.out(line)
  }
  if (options.certify && !values.yes)
    print(['Without --yes, --certify sends nothing and only says what it would bill.', ''])
  try {
    const findings = await runChecks(checks, diagnosis)
    print(describeFindings(findings, io))
    const certified = options.certify
      ? await certify({
          diagnosis,
          units: options.units,
          agreed: values.yes,
          wait: values.wait,
          failed: worstOf(findings) === 'fail',
          onWaiting: (message) => print(['', ...wrap(message, 0)]),
        })
      : undefined
    if (certified !== undefined) print(describeCertified(certified))
    if (values.json) io.out(JSON.stringify(doctorBody(findings, certified), null, 2))
    return exitCodeFor(findings, certified)
  } finally {
    diagnosis.close()
  }
}

/** Options of the demo that the doctor has to know to find it. */
const demoOptions = ['product', 'route', 'port', 'ops-port', 'emulator-port'] as const

async function demoOn(machine: Machine, values: OptionValues): Promise<Machine> {
  const { demoMachine } = await import('../demo/demo-machine.ts')
  const args = demoOptions.flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [`--${name}=${value}`]
  })
  return demoMachine(machine, args)
}

const doctorOptions = {
  json: { type: 'boolean', default: false },
  'no-calls': { type: 'boolean', default: false },
  'expect-running': { type: 'boolean', default: false },
  demo: { type: 'boolean', default: false },
  product: { type: 'string' },
  route: { type: 'string' },
  port: { type: 'string' },
  'ops-port': { type: 'string' },
  'emulator-port': { type: 'string' },
  certify: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  quantity: { type: 'string' },
  help: helpOption,
} as const

interface OptionValues {
  readonly certify: boolean
  readonly yes: boolean
  readonly wait: boolean
  readonly 'no-calls': boolean
  readonly quantity?: string | undefined
  readonly demo: boolean
  readonly product?: string | undefined
  readonly route?: string | undefined
  readonly port?: string | undefined
  readonly 'ops-port'?: string | undefined
  readonly 'emulator-port'?: string | undefined
}

function checkOptions(values: OptionValues): { certify: boolean; units: number } {
  const { certify: wanted, yes, wait, quantity = '1' } = values
  if (!wanted && (yes || wait || values.quantity !== undefined))
    throw invalid('--yes, --quantity and --wait need --certify')
  const forDemo = demoOptions.filter((name) => values[name] !== undefined)
  if (!values.demo && forDemo.length > 0)
    throw invalid(`${forDemo.map((name) => `--${name}`).join(', ')}: only with --demo`)
  if (wanted && values['no-calls'])
    throw invalid('--no-calls cannot be combined with --certify, which has to call AWS')
  const units = /^[1-9]\d{0,6}$/.test(quantity) ? Number(quantity) : NaN
  if (!(units <= mostUnits))
    throw invalid(
      `--quantity must be a whole number from 1 to ${mostUnits}, not ${quantity}: AWS does not document whether it counts a record of 0`,
    )
  return { certify: wanted, units }
}

function invalid(message: string): SidecarError {
  return invalidArguments(`${message}.`, 'doctor')
}

function exitCodeFor(findings: readonly Finding[], certified: Certified | undefined): number {
  const worst = doctorExitCodes[worstOf(findings)]
  return certified === undefined ? worst : Math.max(worst, doctorExitCodes[certified.status])
}
