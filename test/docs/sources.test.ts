import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { parseProductFile } from '../../src/product/load-product.ts'
import { environmentOf, readTaskDefinition } from '../support/deploy/task-definition.ts'
import { readPage } from './page.ts'

const guides = ['prometheus', 'otlp', 'heartbeat'] as const
const pageOf = { prometheus: 'prometheus', otlp: 'opentelemetry', heartbeat: 'heartbeat' }
const task = readTaskDefinition('sources')
const known = new Set<string>(settingsTable.map(({ name }) => name))

describe.each(guides)('the guide for the source %s', (source) => {
  const page = readPage(`guides/${pageOf[source]}.md`)

  test('shows dimensions that a product file can have', () => {
    const snippets = [...page.matchAll(/```json\n([^]*?)```/g)].map(
      ([, text = '']) => JSON.parse(text) as { from?: object },
    )
    const dimensions = snippets.filter(({ from }) => from !== undefined)
    expect(dimensions).not.toEqual([])
    for (const dimension of dimensions) expect(Object.keys(dimension.from ?? {})).toEqual([source])
    const product = { productCode: 'code', route: 'metered', dimensions }
    expect(parseProductFile(JSON.stringify(product))).toMatchObject({ ok: true })
  })

  test('names only settings that exist', () => {
    const named = page.match(/SIDECAR_[A-Z_]+/g) ?? []
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('is on the README and on the page about reporting', () => {
    expect(readPage('../README.md')).toContain(`](docs/guides/${pageOf[source]}.md)`)
    expect(readPage('guides/report-usage.md')).toContain(`](${pageOf[source]}.md)`)
  })
})

test('the variables of both pages are those of the task definition with sources', () => {
  const assigned = (name: string) =>
    Object.fromEntries(
      [...readPage(`guides/${name}.md`).matchAll(/^([A-Z_]+)=(\S+)$/gm)].map(
        ([, key = '', value = '']) => [key, value],
      ),
    )
  expect(environmentOf(task, 'marketplace-sidecar')).toMatchObject(assigned('prometheus'))
  expect(environmentOf(task, 'application')).toEqual(assigned('opentelemetry'))
})
