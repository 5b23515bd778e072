/** The emulator as a separate program: the bundle `dist/emulator.js` starts here. */
import { emulate } from './emulate.ts'
import { writeLine } from '../write-line.ts'

void emulate(process.argv.slice(2), {
  env: {},
  stdin: process.stdin,
  out: (line) => writeLine(1, line),
  err: (line) => writeLine(2, line),
  onSignal(handler) {
    process.on('SIGINT', () => handler('SIGINT'))
    process.on('SIGTERM', () => handler('SIGTERM'))
  },
}).then((exitCode) => process.exit(exitCode))
