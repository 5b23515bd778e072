import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { linkDocs } from './kernel/link-docs.ts'
import type { CliIo } from './cli/cli-io.ts'
import { unknownName } from './cli/command-line.ts'
import { ensureHome } from './cli/ensure-home.ts'
import { exitCodes } from './cli/exit-codes.ts'
import { reportError } from './cli/report-error.ts'
import { asRun } from './cli/as-run.ts'
import { docsAddress } from './cli/docs-address.ts'
import { version } from './cli/version.ts'
import { handleEndSignals } from './cli/end-signals.ts'
import { writeLine } from './cli/write-line.ts'

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
    summary: 'show where every unit is, export records, settle what needs a decision',
    load: async () => (await import('./cli/ledger/ledger-command.ts')).ledgerCommand,
  },
  doctor: {
    summary:
      'find out why the sidecar does not work here; exit code 1 for warnings, 2 for failures',
    load: async () => (await import('./cli/doctor/doctor.ts')).doctor,
  },
  product: {
    summary: 'write and check the product file that a seller bakes into the image',
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
  '  help <command>       the options of a command; also <command> --help, or -h',
  '  version              the version; also --version, or -v',
  '',
  'Exit codes: 0 success, 1 failure, 2 wrong settings or arguments, 3 the data directory or the',
  'database cannot be used, 4 the disk failed and the next start recovers the ledger.',
].join('\n')

function forReader(line: string): string {
  const { SIDECAR_DOCS_URL, npm_lifecycle_event: script } = process.env
  return asRun(linkDocs(line, SIDECAR_DOCS_URL ?? docsAddress), script)
}

/** Other commands end at once until they ask for signals themselves. */
let onSignal: CliIo['onSignal'] = (handler) => handleEndSignals(process)(handler)
if (process.argv.slice(2).join(' ') === 'run') onSignal = handleEndSignals(process)

const io: CliIo = {
  isTerminal: isatty(1) && isatty(2),
  env: process.env,
  // Lazy, because creating it costs 10 ms.
  get stdin() {
    return process.stdin
  },
  out: (line) => writeLine(1, forReader(line)),
  err: (line) => writeLine(2, forReader(line)),
  onSignal: (handler) => onSignal(handler),
  // A call of the system that hangs on a volume would delay `process.exit` too.
  abandon: () => process.kill(process.pid, 'SIGKILL'),
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === 'version' || name === '--version' || name === '-v') {
    io.out(version)
    return exitCodes.ok
  }
  const isHelp = name === 'help' || name === '--help' || name === '-h'
  const isGeneral = args.length === 0 || args[0] === 'help' || args[0] === 'version'
  if (name === undefined || (isHelp && isGeneral)) {
    io.out(help)
    return isHelp ? exitCodes.ok : exitCodes.misconfigured
  }
  const [wanted, rest] = isHelp ? [args[0] ?? '', ['--help']] : [name, args]
  const entry = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined
  if (entry === undefined) throw unknownName('command', wanted, Object.keys(commands), '')
  const command = await entry.load()
  return command(rest, io)
}

ensureHome(process.env, homedir)
// Exits explicitly: a forgotten handle must not keep alive a sidecar that has flushed. A process that
// ends before its command has answered has failed. No `await`, because a single executable is CommonJS,
// which does not have it here.
process.exitCode = exitCodes.failed
void main(process.argv.slice(2))
  .catch((error: unknown) => reportError(error, io))
  .then((code) => process.exit(code))
