import { writeSync } from 'node:fs'
import { messageOf, SidecarError } from '../kernel/errors.ts'

const pauseMs = 2
const standardError = 2

/**
 * Writes a line to a descriptor and returns when the system has all of it. A stream would buffer,
 * without bound, what a slow reader of a pipe has not read, and lose it when the process exits. Throws
 * OutputFailed, and for a reader who has seen enough what `isClosedPipe` knows. No one has seen enough of
 * standard error: a question or a failure that cannot be read there is OutputFailed.
 */
export function writeLine(descriptor: number, line: string): void {
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if (descriptor !== standardError && isClosedPipe(error)) throw error
      if (!hasCode(error, 'EAGAIN')) throw notWritten(error)
      // Another process made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}

function notWritten(cause: unknown): SidecarError {
  return new SidecarError(
    'OutputFailed',
    `The output cannot be written (${messageOf(cause)}). What the command has changed stands: before you run it again, free the disk and check with:\nmarketplace-sidecar ledger show`,
    { cause },
  )
}

/** Whether the reader closed the pipe, as `head` does after its last line. */
export function isClosedPipe(error: unknown): boolean {
  return hasCode(error, 'EPIPE')
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
