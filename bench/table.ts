import { isMet, type Result } from './result.ts'

const header = ['row', 'unit', 'ours', 'baseline', 'ratio', 'target', '', 'spread']

/** Renders the results as a Markdown table that is also readable in a terminal. */
export function tableOf(results: readonly Result[]): string {
  const rows = [header, ...results.map(cellsOf)]
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(
    (row) =>
      `| ${row.map((cell, column) => (isNumeric(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(' | ')} |`,
  )
  const rule = `|${widths.map((width, column) => (isNumeric(column) ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function isNumeric(column: number): boolean {
  return (column >= 2 && column <= 4) || column === 7
}

function cellsOf(result: Result): string[] {
  const { name, unit, ours, baseline, ratio, spread } = result
  const met = isMet(result)
  return [
    name,
    unit,
    show(ours),
    baseline === undefined ? '' : show(baseline),
    ratio === undefined ? '' : ratio.toFixed(2),
    targetOf(result),
    met === undefined ? '' : met ? 'met' : 'MISSED',
    spread === undefined ? '' : `${Math.round(spread * 100)} %`,
  ]
}

function targetOf({ target, unit }: Result): string {
  if (target === undefined) return ''
  const bound = 'atLeast' in target ? `>= ${show(target.atLeast)}` : `<= ${show(target.atMost)}`
  switch (target.of) {
    case 'ratio':
      return `ratio ${bound}`
    case 'ours':
      return `${bound} ${unit}`
    case 'difference':
      return `baseline ${bound.replace('<= ', '+ ')} ${unit}`
  }
}

function show(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}
