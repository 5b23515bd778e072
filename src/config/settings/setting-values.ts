import { show, type ReportMistake } from '../../kernel/schema/mistakes.ts'
import { parseSetting, type SettingParsed } from './parse-setting.ts'
import { readPinned } from './pinned-settings.ts'
import { rangeOf } from './setting-type.ts'
import type { Environment, SettingValue } from '../settings.ts'
import type { Setting } from './setting.ts'
import { settingsTable, type SettingName } from './settings-table.ts'

/** What the environment says for every row of the table, with defaults filled in. */
export class SettingValues {
  readonly #values = new Map<string, SettingParsed>()
  readonly #given = new Map<SettingName, string>()
  readonly #pinned = new Map<SettingName, string>()
  readonly #wrong = new Set<string>()

  constructor(env: Environment, report: ReportMistake) {
    for (const row of settingsTable) {
      const text = env[row.name]
      if (text !== undefined) this.#given.set(row.name, text)
      this.#read(row, text, report)
    }
  }

  /** The value, in the unit of the setting's name; a wrong one counts as not given. */
  get<N extends SettingName>(name: N): SettingValue<N> {
    return this.#values.get(name) as SettingValue<N>
  }

  /** The settings that the environment gave, right or wrong, as it gave them. */
  get given(): ReadonlyMap<SettingName, string> {
    return this.#given
  }

  /** The settings that the product file fixes, as the environment would have them. */
  get pinned(): ReadonlyMap<SettingName, string> {
    return this.#pinned
  }

  /** Lets a product file fix settings, which the environment may then not give. */
  pin(settings: ReadonlyMap<string, string>, file: string, report: ReportMistake): void {
    const pinned = readPinned(settings, (mistake) => report(`${file}: ${mistake}`))
    for (const { name, text, value } of pinned) {
      if (this.#given.has(name)) report(decidedBy(file, name))
      this.#values.set(name, value)
      this.#pinned.set(name, text)
      this.#wrong.delete(name)
    }
  }

  /** What is not given has other defaults where the product has customers. */
  useSaasDefaults(): void {
    for (const row of settingsTable as readonly (Setting & { readonly name: SettingName })[]) {
      if (row.saasDefault === undefined) continue
      if (this.#given.has(row.name) || this.#pinned.has(row.name)) continue
      const value = parseSetting(row.type, row.saasDefault)
      if (value !== undefined) this.#values.set(row.name, value)
    }
  }

  /** Whether none of these was given wrongly, so that comparing them makes sense. */
  areSound(...names: readonly SettingName[]): boolean {
    return names.every((name) => !this.#wrong.has(name))
  }

  #read(row: Setting, text: string | undefined, report: ReportMistake): void {
    const value = text === undefined || text === '' ? undefined : parseSetting(row.type, text)
    if (text !== undefined && value === undefined) {
      this.#wrong.add(row.name)
      report(`${row.name}: ${complaint(row, text)}`)
    }
    const fallback = row.default === undefined ? undefined : parseSetting(row.type, row.default)
    const result = value ?? fallback
    if (result !== undefined) this.#values.set(row.name, result)
  }
}

/** The mistake of a setting that the environment gives although a product file decides it. */
export function decidedBy(file: string, name: SettingName): string {
  return `${name}: the product file ${file} decides this; remove the setting`
}

function complaint(row: Setting, text: string): string {
  const remedy =
    row.default === undefined ? 'or remove it' : `or remove it for the default ${row.default}`
  if (text === '') return `it is set but empty; give ${rangeOf(row.type)}, ${remedy}`
  // A token put where its file belongs must not end up in a log, nor a password.
  const shown = ['secret-file', 'database-url'].includes(row.type.kind)
    ? 'the value (not shown)'
    : show(text)
  return `${shown} is not allowed; give ${rangeOf(row.type)}, ${remedy}`
}
