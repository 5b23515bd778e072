import { SidecarError } from '../kernel/errors.ts'
import type { CliIo } from './cli-io.ts'
import { paint } from './paint.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { isClosedPipe } from './write-line.ts'

/** Prints anything that a command threw, as its code and its message. Returns the exit code. */
export function reportError(error: unknown, io: CliIo): number {
  if (isClosedPipe(error)) return exitCodes.ok
  if (error instanceof SidecarError) {
    io.err(`${paint(io, 'red', error.code)}: ${error.message}`)
    return exitCodeOf(error)
  }
  io.err(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}
