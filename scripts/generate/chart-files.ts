import { isMap, isPair, isScalar, parseDocument, type Pair } from 'yaml'
import type { SettingType } from '../../src/config/settings/setting-type.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'

/** Settings that the chart derives from other values. */
export const chartOwned: readonly string[] = [
  'SIDECAR_OPS_LISTEN',
  'SIDECAR_DATA_DIR',
  'SIDECAR_POD_UID',
]

/** Makes the schema of `settings`: a property for each setting, with the type that it has in values.yaml. */
export function settingsSchema(): object {
  const settings = settingsTable.filter(({ name }) => !chartOwned.includes(name))
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(settings.map(({ name, type }) => [name, typeSchema(type)])),
    dependencies: {
      SIDECAR_ROUTE: ['SIDECAR_PRODUCT_CODE'],
      SIDECAR_DIMENSIONS: ['SIDECAR_ROUTE'],
      SIDECAR_PUBLIC_KEY_FILE: ['SIDECAR_ROUTE'],
    },
  }
}

function typeSchema(type: SettingType): object {
  if (type.kind === 'integer') return { type: 'integer', minimum: type.min, maximum: type.max }
  if (type.kind === 'boolean') return { type: 'boolean' }
  if (type.kind === 'choice') return { enum: type.choices }
  return { type: 'string', minLength: 1 }
}

/** Renders a table of every value in values.yaml: its path, its default and the comment above it. */
export function valuesTable(valuesYaml: string): string {
  const rows = rowsOf(parseDocument(valuesYaml).contents, '')
  return ['| Value | Default | What it is |', '|---|---|---|', ...rows].join('\n')
}

function rowsOf(node: unknown, prefix: string): string[] {
  if (!isMap(node)) return []
  return node.items.flatMap((pair, index) => {
    if (!isPair(pair) || !isScalar(pair.key)) return []
    const path = `${prefix}${String(pair.key.value)}`
    const { value } = pair
    const comment = index === 0 ? (pair.key.commentBefore ?? node.commentBefore) : undefined
    const text = sentence(comment ?? commentOf(pair))
    const inner = isMap(value) && value.items.length > 0
    const shown = inner ? '' : `\`${JSON.stringify(isScalar(value) ? value.value : value)}\``
    return [`| \`${path}\` | ${shown} | ${text} |`, ...(inner ? rowsOf(value, `${path}.`) : [])]
  })
}

const commentOf = (pair: Pair) => (isScalar(pair.key) ? pair.key.commentBefore : undefined) ?? ''

const sentence = (comment: string) =>
  comment
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
