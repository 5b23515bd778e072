import { SidecarError } from '../kernel/errors.ts'
import { collectMistakes, type Mistakes, type ReportMistake } from '../kernel/schema/mistakes.ts'
import type { TextReader } from '../kernel/text/read-text.ts'
import type { Result } from '../kernel/result.ts'
import type { Product } from '../product/product.ts'
import { checkProduct } from './check-product.ts'
import { checkTogether } from './check-together.ts'
import { readDatabaseUrl, readToken } from './read-given-file.ts'
import { resolveProduct } from './resolve-product.ts'
import { SettingValues } from './settings/setting-values.ts'
import type { Environment, SettingMembers, Settings } from './settings.ts'
import type { Setting } from './settings/setting.ts'
import { settingsTable, type SettingName, type SettingRow } from './settings/settings-table.ts'
import { reportUnknownNames } from './settings/unknown-names.ts'

/** Settings together with where they came from. */
export interface LoadedSettings extends Settings {
  /** The product file that was used; undefined when the environment describes the product. */
  readonly productFile: string | undefined
  /** What the environment gave, as it gave it. */
  readonly given: ReadonlyMap<SettingName, string>
  /** What the product file fixes, as the environment would give it. */
  readonly pinned: ReadonlyMap<SettingName, string>
}

export interface LoadSettingsOptions {
  /** Where the image keeps its product file. */
  readonly bakedProductFile?: string
}

export const defaultBakedProductFile = '/etc/marketplace-sidecar/product.json'

/**
 * Reads every setting, frozen, or throws one SidecarError `InvalidSettings` whose message lists each
 * mistake on a line: what was given, what is allowed, what to do.
 */
export function loadSettings(
  env: Environment,
  reader: TextReader,
  options: LoadSettingsOptions = {},
): LoadedSettings {
  const settings = readSettings(env, reader, options)
  if (!settings.ok) throw invalidSettings(settings.failure)
  return settings.value
}

/** As `loadSettings`, with the mistakes as data. */
export function readSettings(
  env: Environment,
  reader: TextReader,
  { bakedProductFile = defaultBakedProductFile }: LoadSettingsOptions = {},
): Result<LoadedSettings, Mistakes> {
  return collectMistakes((report) => {
    reportUnknownNames(env, report)
    const values = new SettingValues(env, report)
    const resolved = resolveProduct(values, reader, bakedProductFile)
    if (!resolved.ok) for (const mistake of resolved.failure.mistakes) report(mistake)
    if (resolved.ok) checkProduct(resolved.value.product, values, report)
    const members = readMembers(values, reader, report)
    checkTogether(values, report)
    if (members.operatorToken !== undefined && members.operatorToken === members.apiToken)
      report(
        'SIDECAR_OPERATOR_TOKEN_FILE: it holds the same token as SIDECAR_API_TOKEN_FILE, so the application could decide as an operator; give it another token',
      )
    if (!resolved.ok) return undefined
    const { product, file: productFile, onlyAwsEndpoints, operatorMay } = resolved.value
    const { given, pinned } = values
    return Object.freeze({
      ...members,
      product: freezeProduct(product),
      onlyAwsEndpoints,
      operatorMay,
      productFile,
      given,
      pinned,
    })
  })
}

/** The one error for all mistakes. */
export function invalidSettings(mistakes: Mistakes): SidecarError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  const head = `The settings have ${count}; docs/reference/configuration.md describes every one:`
  return new SidecarError(
    'InvalidSettings',
    [head, ...mistakes.map((line) => `- ${line}`)].join('\n'),
  )
}

/** The members of `Settings` that rows of the table name. */
function readMembers(
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): SettingMembers {
  const entries = settingsTable.flatMap((row: Setting & Pick<SettingRow, 'name'>) =>
    row.member === undefined ? [] : [[row.member, memberOf(row, values, reader, report)] as const],
  )
  return Object.fromEntries(entries) as unknown as SettingMembers
}

function memberOf(
  { name, type }: Setting & Pick<SettingRow, 'name'>,
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): unknown {
  const value = values.get(name)
  if (type.kind === 'integer' && type.unit === 's') return Number(value) * 1000
  if (type.kind !== 'secret-file' || typeof value !== 'string') return value
  const read = type.holds === 'token' ? readToken : readDatabaseUrl
  const secret = read(name, value, reader)
  if (secret.ok) return secret.value
  report(secret.failure)
  return undefined
}

function freezeProduct(product: Product): Product {
  const dimensions = product.dimensions.map((dimension) => Object.freeze(dimension))
  return Object.freeze({ ...product, dimensions: Object.freeze(dimensions) })
}
