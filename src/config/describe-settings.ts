import type { LoadedSettings } from './load-settings.ts'
import { identityNames, settingsTable, type Setting, type SettingName } from './settings-table.ts'

export interface SettingLine {
  readonly name: SettingName
  /** Safe to print: a secret is `***`. */
  readonly value: string
  readonly source: string
}

/** Every setting with its value and where that came from, secrets redacted. */
export function describeSettings(settings: LoadedSettings): SettingLine[] {
  return settingsTable.map((row) => ({ name: row.name, ...describe(row, settings) }))
}

function describe(
  row: Setting & { readonly name: SettingName },
  settings: LoadedSettings,
): { value: string; source: string } {
  const given = settings.given.get(row.name)
  if (given !== undefined) {
    const value = row.type.kind === 'secret-file' ? `*** (in ${given})` : given
    return { value, source: 'environment' }
  }
  if (settings.productFile !== undefined && isIdentity(row.name)) {
    return { value: identityValue(row.name, settings), source: settings.productFile }
  }
  return row.default === undefined
    ? { value: '', source: 'not set' }
    : { value: row.default, source: 'default' }
}

function isIdentity(name: SettingName): boolean {
  return name === 'SIDECAR_PRODUCT_CODE' || identityNames.some((known) => known === name)
}

function identityValue(name: SettingName, { product }: LoadedSettings): string {
  switch (name) {
    case 'SIDECAR_PRODUCT_CODE':
      return product.productCode
    case 'SIDECAR_ROUTE':
      return product.route
    case 'SIDECAR_PUBLIC_KEY_VERSION':
      return [...product.publicKeys.keys()].join(',')
    case 'SIDECAR_DIMENSIONS':
      return product.dimensions
        .map(({ name: label, divisor }) => (divisor === 1n ? label : `${label}/${divisor}`))
        .join(',')
    default:
      return ''
  }
}
