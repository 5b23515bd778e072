import { show, type ReportMistake } from '../../kernel/schema/mistakes.ts'
import { parseSetting, type SettingParsed } from './parse-setting.ts'
import { rangeOf } from './setting-type.ts'
import type { Setting } from './setting.ts'
import { settingsTable, type SettingName } from './settings-table.ts'

/** A setting that the product file fixes. */
interface PinnedSetting {
  readonly name: SettingName
  /** As the environment would have it. */
  readonly text: string
  readonly value: SettingParsed
}

/** Where the sidecar runs decides these: its addresses, files and secrets, its region and its pod. */
const kindsOfThePlace: readonly string[] = [
  'host:port',
  'directory',
  'path',
  'secret-file',
  'database-url',
]
const namesOfThePlace: readonly string[] = ['SIDECAR_REGION', 'SIDECAR_POD_UID']

function isPinnable({ name, member, type }: Setting): boolean {
  const isOfThePlace = kindsOfThePlace.includes(type.kind) || namesOfThePlace.includes(name)
  return member !== undefined && !isOfThePlace
}

/** Every setting that a product file can fix. */
const pinnableNames: readonly SettingName[] = settingsTable.flatMap((row) =>
  isPinnable(row) ? [row.name] : [],
)

/** Reads the member `settings` of a product file, and reports what it may not say. */
export function readPinned(
  settings: ReadonlyMap<string, string>,
  report: ReportMistake,
): PinnedSetting[] {
  return [...settings].flatMap(([name, text]) => {
    const row = settingsTable.find((each) => each.name === name)
    const place = `settings[${show(name)}]`
    if (row === undefined || !pinnableNames.includes(row.name)) {
      const why = row === undefined ? 'there is no such setting' : "a product file can't fix it"
      report(`${place}: ${why}; it can fix ${pinnableNames.join(', ')}`)
      return []
    }
    const value = parseSetting(row.type, text)
    if (value !== undefined) return [{ name: row.name, text, value }]
    report(`${place}: ${show(text)} is not allowed; give ${rangeOf(row.type)}`)
    return []
  })
}
