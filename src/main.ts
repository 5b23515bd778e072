import { homedir } from 'node:os'
import { SidecarError, messageOf } from './kernel/errors.ts'
import type { CliIo } from './cli/cli-io.ts'
import { ensureHome } from './cli/ensure-home.ts'
import { exitCodeOf, exitCodes } from './cli/exit-codes.ts'
import { version } from './cli/version.ts'
import { isClosedPipe, writeLine } from './cli/write-line.ts'

type Command = (args: readonly string[], io: CliIo) => Promise<number>

interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** `demo` and `emulate` are for development and not in the production bundle: see scripts/build/build.ts. */
const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'run the sidecar in an ECS task or an EKS pod',
    load: async () => (await import('./cli/run/run.ts')).run,
  },
  demo: {
    summary: 'run the sidecar on this machine against an emulated AWS',
    load: async () => (await import('./cli/demo/demo.ts')).demo,
  },
  emulate: {
    summary: 'run only the emulated AWS Marketplace Metering service',
    load: async () => (await import('./cli/emulate/emulate.ts')).emulate,
  },
  healthcheck: {
    summary: 'check the health of the running sidecar; exit code 0 or 1',
    load: async () => (await import('./cli/healthcheck/healthcheck.ts')).healthcheck,
  },
  ledger: {
    summary: 'show where every unit is, export records, decide what needs a person',
    load: async () => (await import('./cli/ledger/ledger-command.ts')).ledgerCommand,
  },
  doctor: {
    summary:
      'find out why the sidecar does not work here; exit code 1 for warnings, 2 for failures',
    load: async () => (await import('./cli/doctor/doctor.ts')).doctor,
  },
  product: {
    summary: 'check the product file that a seller bakes into the image',
    load: async () => (await import('./cli/product/product-command.ts')).product,
  },
}

const help = [
  'marketplace-sidecar: entitlement and exact hourly metering for AWS Marketplace containers',
  '',
  'usage: marketplace-sidecar <command> [options]',
  '',
  ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`),
  '',
  '  <command> --help   the options of a command',
  '  --version          the version',
  '',
  'Exit codes: 0 success, 1 failure, 2 wrong settings or arguments, 3 the data directory cannot be',
  'used, 4 the disk failed and the next start recovers.',
].join('\n')

const io: CliIo = {
  env: process.env,
  // Lazy, because creating it costs 10 ms.
  get stdin() {
    return process.stdin
  },
  out: (line) => writeLine(1, line),
  err: (line) => writeLine(2, line),
  onSignal(handler) {
    process.on('SIGINT', () => handler('SIGINT'))
    process.on('SIGTERM', () => handler('SIGTERM'))
  },
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version') {
    io.out(version)
    return exitCodes.ok
  }
  if (name === undefined || name === '--help' || name === 'help') {
    io.out(help)
    return name === undefined ? exitCodes.misconfigured : exitCodes.ok
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    io.err(`There is no command ${JSON.stringify(name)}.\n\n${help}`)
    return exitCodes.misconfigured
  }
  const command = await entry.load()
  return command(args, io)
}

function report(error: unknown): number {
  if (isClosedPipe(error)) return exitCodes.ok
  if (error instanceof SidecarError) {
    io.err(`${error.code}: ${error.message}`)
    return exitCodeOf(error)
  }
  if (isArgumentError(error)) {
    io.err(`InvalidArguments: ${messageOf(error)}`)
    return exitCodes.misconfigured
  }
  io.err(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}

function isArgumentError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
  )
}

ensureHome(process.env, homedir)
// Exits explicitly: a forgotten handle must not keep alive a sidecar that has flushed. A process that
// ends before its command has answered has failed. No `await`, because a single executable is CommonJS,
// which does not have it here.
process.exitCode = exitCodes.failed
void main(process.argv.slice(2))
  .catch(report)
  .then((code) => process.exit(code))
