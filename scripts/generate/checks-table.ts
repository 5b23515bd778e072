import type { Check } from '../../src/doctor/check.ts'

/** Renders the table of docs/reference/doctor.md: a row for each check, followed by one for each of its problems. */
export function renderChecksTable(checks: readonly Check[]): string {
  const head = ['| Check | Result | When | What to do |', '|---|---|---|---|']
  return [...head, ...checks.flatMap(rowsOf)].join('\n')
}

function rowsOf({ id, title, problems }: Check): string[] {
  const ways = Object.entries(problems).map(([name, { status, when, fix }]) =>
    row(`\`${id}\``, `${status}: \`${name}\``, when, fixWords(fix)),
  )
  return [row(`**\`${id}\`**`, 'pass', title, ''), ...ways]
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}

/** Describes what only a finding knows. */
function fixWords(fix: string): string {
  if (fix === '{advice}')
    return 'The finding says what to do, for example which IAM action to allow.'
  if (fix === '{remedy}')
    return 'The finding says what to do, for example how to annotate the service account with a role.'
  return fix.replaceAll(/\{(\w+)\}/g, '<$1>')
}
