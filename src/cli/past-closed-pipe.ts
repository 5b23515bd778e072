import type { CliIo } from './cli-io.ts'
import { isClosedPipe } from './write-line.ts'

/**
 * Drops the lines that no one reads any more, for commands whose work goes on: `doctor | head -1` ends as
 * `doctor` does.
 */
export function pastClosedPipe(io: CliIo): CliIo {
  let isOpen = true
  return {
    env: io.env,
    // Creating it costs time, so it stays lazy.
    get stdin() {
      return io.stdin
    },
    ...(io.isTerminal !== undefined && { isTerminal: io.isTerminal }),
    out(line) {
      if (!isOpen) return
      try {
        io.out(line)
      } catch (error) {
        if (!isClosedPipe(error)) throw error
        isOpen = false
      }
    },
    err: (line) => io.err(line),
    onSignal: (handler) => io.onSignal(handler),
    abandon: () => io.abandon(),
  }
}
