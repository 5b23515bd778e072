import { SidecarError } from '../kernel/errors.ts'
import type { CliIo } from './cli-io.ts'
import { paint } from './paint.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { isClosedPipe } from './write-line.ts'

/** Prints anything that a command threw, as its code and its message. Returns the exit code. */
export function reportError(error: unknown, io: CliIo): number {
  if (isClosedPipe(error)) return exitCodes.ok
  if (error instanceof SidecarError) {
    print(io, `${paint(io, 'red', error.code)}: ${error.message}`)
    return exitCodeOf(error)
  }
  print(io, error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}

/** The exit code counts, also where no one can read why. */
function print(io: CliIo, line: string): void {
  try {
    io.err(line)
  } catch {
    // There is no place left to say so.
  }
}
