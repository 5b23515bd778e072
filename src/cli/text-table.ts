/** What a terminal shows of an ordinary window. */
export const textWidth = 100
const gap = 2
const narrowest = 8

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Cut off at the end when the table is too wide; other columns are never cut. */
  readonly shrinks?: boolean
}

/** A table of at most `textWidth` columns, without trailing blanks. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const head = columns.map(({ title }) => title)
  const lines = [head, ...rows].map((row) => row.map(printable))
  const natural = columns.map((_, index) => Math.max(...lines.map((row) => lengthOf(row[index]))))
  const widths = fit(columns, natural)
  return lines.map((row) =>
    columns
      .map(({ align }, index) => cell(row[index] ?? '', widths[index] ?? 0, align))
      .join(' '.repeat(gap))
      .trimEnd(),
  )
}

/** Text in lines of at most `textWidth` columns; what follows the first line is indented. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of printable(text).split(' ')) {
    const room = textWidth - indent
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((part, index) => (index === 0 ? part : ' '.repeat(indent) + part))
}

/** Text that cannot steer a terminal: names and messages come from elsewhere. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

function fit(columns: readonly Column[], natural: readonly number[]): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width, gap * (widths.length - 1))
  while (total() > textWidth) {
    const shrinkable = widths.filter(
      (width, index) => columns[index]?.shrinks === true && width > narrowest,
    )
    if (shrinkable.length === 0) break
    const widest = widths.findIndex(
      (width, index) => columns[index]?.shrinks === true && width === Math.max(...shrinkable),
    )
    widths[widest] = Math.max(...shrinkable) - 1
  }
  return widths
}

function cell(text: string, width: number, align: Column['align']): string {
  const shown =
    lengthOf(text) > width
      ? `${Array.from(text)
          .slice(0, width - 1)
          .join('')}…`
      : text
  const blanks = ' '.repeat(Math.max(0, width - lengthOf(shown)))
  return align === 'right' ? blanks + shown : shown + blanks
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : Array.from(text).length
}
