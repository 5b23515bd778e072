import type { LoadedSettings } from '../load-settings.ts'
import type { Setting } from './setting.ts'
import { settingsTable, type SettingName } from './settings-table.ts'

interface SettingLine {
  readonly name: SettingName
  /** Safe to print: a secret is `***`. */
  readonly value: string
  readonly source: string
}

/** Every setting with its value and where that came from, secrets redacted. */
export function describeSettings(settings: LoadedSettings): SettingLine[] {
  return settingsTable.map((row) => ({ name: row.name, ...describe(row, row.name, settings) }))
}

function describe(
  { type, default: standard, ofProduct }: Setting,
  name: SettingName,
  { given, pinned, product, productFile }: LoadedSettings,
): Omit<SettingLine, 'name'> {
  const text = given.get(name)
  if (text !== undefined) {
    const value =
      type.kind === 'secret-file' ? `*** (in ${text})` : type.kind === 'database-url' ? '***' : text
    return { value, source: 'environment' }
  }
  const fixed = pinned.get(name)
  if (productFile !== undefined && fixed !== undefined) return { value: fixed, source: productFile }
  if (productFile !== undefined && ofProduct !== undefined)
    return { value: ofProduct(product), source: productFile }
  return standard === undefined
    ? { value: '', source: 'not set' }
    : { value: standard, source: 'default' }
}
