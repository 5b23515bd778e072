import { fail, succeed, type Result } from '../result.ts'

/** Receives one mistake in a setting or a file, as a line for people. */
export type ReportMistake = (line: string) => void

/** Every mistake, in the order of the text. Empty when the reason is reported elsewhere. */
export type Mistakes = readonly string[]

/**
 * Lists every mistake instead of the first. `read` reports each one and returns what it could make of
 * the rest, or undefined. The result has the value only when nothing was reported.
 */
export function collectMistakes<T>(
  read: (report: ReportMistake) => T | undefined,
): Result<T, Mistakes> {
  const mistakes: string[] = []
  const value = read((line) => mistakes.push(line))
  return value === undefined || mistakes.length > 0 ? fail(mistakes) : succeed(value)
}

/** Quotes a value for a message: on one line, cut, and without the password of an address. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/\/\/.*@/s, '//***@') : value
  const shown = JSON.stringify(text) ?? String(text)
  return shown.length > 120 ? `${shown.slice(0, 120)}… (${shown.length} characters)` : shown
}
