/** Finds the block of a page that begins with `<!-- name: … -->` and ends with `<!-- end of name -->`. */
function blockOf(page: string, name: string) {
  const begin = new RegExp(`<!-- ${name}\\b[^\\n]*-->\\n`).exec(page)
  const end = page.indexOf(`<!-- end of ${name} -->`)
  if (begin === null || end < begin.index)
    throw new Error(`the page does not have the marks for "${name}"`)
  const start = begin.index + begin[0].length
  return { before: page.slice(0, start), text: page.slice(start, end), after: page.slice(end) }
}

/** Replaces the text between the two marks of `name`. */
export function between(page: string, name: string, text: string): string {
  const { before, after } = blockOf(page, name)
  return `${before}${text}\n${after}`
}

/**
 * Replaces the first columns of the table between the two marks of `name` with the cells in `rows`. The other
 * columns are written by hand: a row keeps them if its first cell stays the same. In a new row they are
 * empty, which the test of the page reports.
 */
export function withColumns(
  page: string,
  name: string,
  rows: readonly (readonly string[])[],
): string {
  const { before, text, after } = blockOf(page, name)
  const [heading = '', rule = '', ...lines] = text.trimEnd().split('\n')
  const kept = new Map(lines.map(cellsOf).map((cells) => [cells[0], cells]))
  const width = cellsOf(heading).length
  const table = rows.map((row) => {
    const byHand = kept.get(row[0])?.slice(row.length) ?? Array(width - row.length).fill('')
    return `| ${[...row, ...byHand].join(' | ')} |`
  })
  return `${before}${[heading, rule, ...table].join('\n')}\n${after}`
}

/** Returns the first cell of each row between the two marks of `name`. */
export function firstCells(page: string, name: string): string[] {
  const lines = blockOf(page, name).text.trimEnd().split('\n').slice(2)
  return lines.map((line) => cellsOf(line)[0] ?? '')
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** Renders names as code. */
export function codes(names: readonly string[], separator = ', '): string {
  return names.map((name) => `\`${name}\``).join(separator)
}
