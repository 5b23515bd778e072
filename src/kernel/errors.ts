import type { exitTable } from './problems/exit-table.ts'
import type { problemTable } from './problems/problem-table.ts'

/**
 * Every error code that a program or an operator can receive. A code is never renamed and never used for
 * a second meaning.
 */
export type ErrorCode = keyof typeof problemTable | keyof typeof exitTable

export interface SidecarErrorOptions {
  readonly cause?: unknown
  /** The index of the report in its batch, from 0. */
  readonly index?: number | undefined
  /** How long the caller should wait before the same request can succeed. */
  readonly retryAfterSeconds?: number | undefined
}

/** An error with a stable code and a message that says what happened and what to do about it. */
export class SidecarError extends Error {
  override readonly name = 'SidecarError'
  readonly code: ErrorCode
  readonly index: number | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: SidecarErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.index = options.index
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Returns the message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
