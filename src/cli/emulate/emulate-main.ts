/** The emulator as a separate program: the bundle `dist/emulator.js` starts here. */
import { isatty } from 'node:tty'
import type { CliIo } from '../cli-io.ts'
import { reportError } from '../report-error.ts'
import { emulate } from './emulate.ts'
import { endSignals } from '../end-signals.ts'
import { writeLine } from '../write-line.ts'

/** Names the command as the package installs this program. */
function asInstalled(line: string): string {
  return line.replaceAll('marketplace-sidecar emulate', 'marketplace-sidecar-emulator')
}

const io: CliIo = {
  env: {},
  isTerminal: isatty(1) && isatty(2),
  stdin: process.stdin,
  out: (line) => writeLine(1, asInstalled(line)),
  err: (line) => writeLine(2, asInstalled(line)),
  onSignal(handler) {
    for (const signal of endSignals) process.on(signal, handler)
  },
  abandon: () => process.kill(process.pid, 'SIGKILL'),
}

void emulate(process.argv.slice(2), io)
  .catch((error: unknown) => reportError(error, io))
  .then((code) => process.exit(code))
