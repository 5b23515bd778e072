import { rangeOf } from '../../src/config/settings/setting-type.ts'
import type { Setting } from '../../src/config/settings/setting.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'

/** Renders the table of docs/reference/configuration.md. */
export function renderSettingsTable(): string {
  const head = ['| Name | Default | Range | What it decides |', '|---|---|---|---|']
  return [...head, ...settingsTable.map(renderRow)].join('\n')
}

function renderRow(row: Setting): string {
  const standard = row.default === undefined ? 'none' : `\`${row.default}\``
  const cells = [`\`${row.name}\``, standard, rangeOf(row.type), row.summary]
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}
