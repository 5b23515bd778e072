/** A spreadsheet takes a cell that begins like this for a formula and runs it. */
const formulaStart = /^[=+\-@\t\r]/
const needsQuotes = /[",\r\n]/

/**
 * A line of RFC 4180 but for its line feed. Text that a spreadsheet would run gets an apostrophe in
 * front, which makes it plain text there; numbers are left alone.
 */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(csvCell).join(',')}\r`
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = formulaStart.test(value) ? `'${value}` : value
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
