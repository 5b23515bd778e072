/**
 * Writes what the charts have from elsewhere: `node scripts/generate/chart-files.ts` puts the settings into the
 * schema of the library chart and the tables of values into both READMEs. test/chart holds them.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { isMap, isPair, isScalar, parseDocument, type Pair } from 'yaml'
import { settingsTable, type SettingType } from '../../src/config/settings-table.ts'

/** What the chart sets by itself, from other values. */
export const chartOwned: readonly string[] = ['SIDECAR_OPS_LISTEN', 'SIDECAR_DATA_DIR']

/** The schema of `settings`: one property for each setting, in the type that values.yaml gives it. */
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

/** A Markdown table of every value: its path, its default and the comment over it. */
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

const begin = '<!-- values: made from values.yaml by scripts/generate/chart-files.ts -->'
const end = '<!-- end of values -->'

/** The text of a README with the table between its two marks. */
export function withValuesTable(readme: string, table: string): string {
  const [before, rest] = readme.split(`${begin}\n`)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error('the README has no marks')
  return `${before}${begin}\n${table}\n${end}${after}`
}

export const charts = new URL('../../helm/', import.meta.url)

if (import.meta.main) {
  const schemaFile = new URL('marketplace-sidecar/values.schema.json', charts)
  const schema: { properties: { settings: object } } = JSON.parse(
    await readFile(schemaFile, 'utf8'),
  )
  schema.properties.settings = settingsSchema()
  const options = await resolveConfig(schemaFile)
  const text = await format(JSON.stringify(schema), { ...options, parser: 'json' })
  await writeFile(schemaFile, text)
  for (const name of ['marketplace-sidecar', 'example-product']) {
    const values = await readFile(new URL(`${name}/values.yaml`, charts), 'utf8')
    const readmeFile = new URL(`${name}/README.md`, charts)
    const readme = await readFile(readmeFile, 'utf8')
    await writeFile(readmeFile, withValuesTable(readme, valuesTable(values)))
  }
}
