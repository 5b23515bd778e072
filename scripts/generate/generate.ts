/** Writes every generated file: `npm run generate`. With `--check`, fails when one of them is stale. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { checks } from '../../src/doctor/checks/checks.ts'
import { productSchema } from '../../src/product/product-schema.ts'
import { settingsSchema, valuesTable } from './chart-files.ts'
import { renderChecksTable } from './checks-table.ts'
import { importTable } from './contributing.ts'
import { renderErrorTable, renderScenarioTables } from './emulator-tables.ts'
import { renderAnswers, renderTransitions } from './entitlement-tables.ts'
import { between } from './marks.ts'
import {
  alertColumns,
  clientColumns,
  errorColumns,
  logColumns,
  metricColumns,
} from './reference-columns.ts'
import { renderSettingsTable } from './render-settings.ts'

interface Generated {
  /** The path from the root of the repository. */
  readonly path: string
  /** Returns the complete text that the file must have, given its current text. */
  readonly render: (current: string) => string | Promise<string>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A page whose blocks with these names are generated. */
function blocks(path: string, texts: Readonly<Record<string, () => string>>): Generated {
  const render = (page: string) =>
    Object.entries(texts).reduce((text, [name, make]) => between(text, name, make()), page)
  return { path, render }
}

function chartReadme(chart: string): Generated {
  const render = async (page: string) => {
    const values = await readFile(join(root, `helm/${chart}/values.yaml`), 'utf8')
    return between(page, 'values', valuesTable(values))
  }
  return { path: `helm/${chart}/README.md`, render }
}

/** Every generated file: all of it, or blocks, or columns of tables. */
export const generated: readonly Generated[] = [
  blocks('CONTRIBUTING.md', { 'import rules': importTable }),
  blocks('docs/reference/configuration.md', { settings: renderSettingsTable }),
  blocks('docs/reference/doctor.md', { checks: () => renderChecksTable(checks) }),
  blocks('docs/reference/emulator.md', {
    scenario: renderScenarioTables,
    errors: renderErrorTable,
  }),
  blocks('docs/explain/entitlement.md', { transitions: renderTransitions, answers: renderAnswers }),
  { path: 'docs/reference/alerts.md', render: alertColumns },
  { path: 'docs/guides/clients.md', render: clientColumns },
  { path: 'docs/reference/errors.md', render: errorColumns },
  { path: 'docs/reference/logs.md', render: logColumns },
  { path: 'docs/reference/metrics.md', render: metricColumns },
  { path: 'docs/reference/product.schema.json', render: () => json(productSchema) },
  {
    path: 'helm/marketplace-sidecar/values.schema.json',
    render: (current) => json(withSettings(JSON.parse(current))),
  },
  chartReadme('marketplace-sidecar'),
  chartReadme('example-product'),
]

function withSettings(schema: { properties: object }): object {
  return { ...schema, properties: { ...schema.properties, settings: settingsSchema() } }
}

async function json(value: object): Promise<string> {
  const options = await resolveConfig(join(root, 'package.json'))
  return format(JSON.stringify(value), { ...options, parser: 'json' })
}

/** Returns the paths below `folder` whose text differs from the result of `render`. */
export async function stale(folder = root): Promise<string[]> {
  const texts = await Promise.all(generated.map((file) => compare(file, folder)))
  return texts.filter(({ before, after }) => before !== after).map(({ path }) => path)
}

async function compare({ path, render }: Generated, folder: string) {
  const file = join(folder, path)
  const before = await readFile(file, 'utf8')
  return { path, file, before, after: await render(before) }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const paths = await stale()
    if (paths.length > 0) {
      console.error(`Stale: ${paths.join(', ')}. Run: npm run generate`)
      process.exitCode = 1
    }
  } else
    for (const each of generated) {
      const { path, file, before, after } = await compare(each, root)
      if (before === after) continue
      await writeFile(file, after)
      console.log(path)
    }
}
