/** The columns of an ordinary terminal window. */
export const textWidth = 100
const gap = 2
const narrowest = 8

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Whether its cells are cut at the end when the table is too wide; others are never cut. */
  readonly shrinks?: boolean
}

/** Lays out a table of at most `textWidth` columns, without trailing blanks. */
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

/** Breaks text into lines of at most `textWidth` columns, as one paragraph; all but the first are indented. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of printable(text.replaceAll('\n', ' ')).split(' ')) {
    const room = textWidth - indent
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((part, index) => (index === 0 ? part : ' '.repeat(indent) + part))
}

/** Replaces every character that can control a terminal: names and messages come from outside. */
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
