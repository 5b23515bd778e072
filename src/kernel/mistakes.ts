/** Receives one mistake in a setting or a file, as a line for people. */
export type ReportMistake = (line: string) => void

/** Quotes a value for a message: on one line, cut, and without the password of an address. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/\/\/.*@/s, '//***@') : value
  const shown = JSON.stringify(text) ?? String(text)
  return shown.length > 120 ? `${shown.slice(0, 120)}… (${shown.length} characters)` : shown
}
