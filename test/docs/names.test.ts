import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { logEventTable } from '../../src/kernel/log.ts'
import { metricPrefix, metricTable } from '../../src/observe/prometheus/metric-table.ts'
import { bash } from '../support/program/console-examples.ts'
import { root } from '../support/program/program.ts'

/** CHANGELOG.md mentions names that no longer exist. */
const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules', '.cache', 'dist'] })
  .filter((path) => path !== 'CHANGELOG.md')
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Returns what matches a pattern on the pages, with the first page that has it. */
function named(pattern: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { path, text } of pages)
    for (const [, name = ''] of text.matchAll(pattern)) if (!found.has(name)) found.set(name, path)
  return found
}

function expectKnown(names: ReadonlyMap<string, string>, known: readonly string[]): void {
  expect(names.size).toBeGreaterThan(2)
  const unknown = [...names].filter(([name]) => !known.includes(name))
  expect(unknown).toEqual([])
}

describe('no page names', () => {
  test('a setting that does not exist', () => {
    const names = named(/\b(SIDECAR_[A-Z0-9_]+[A-Z0-9])\b(?![_*…])/g)
    const ofOthers = ['SIDECAR_SERVICE_HOST', 'SIDECAR_PORT', 'SIDECAR_IMAGE']
    expectKnown(names, [...settingsTable.map(({ name }) => name), ...ofOthers])
  })

  test('a metric that does not exist', () => {
    const names = named(/\bmarketplace_([a-z_]+[a-z])\b/g)
    // The schema of the shared ledger.
    const known = [...Object.keys(metricTable), 'sidecar']
    const series = (name: string) => name.replace(/_(bucket|count|sum)$/, '')
    expect(names.size).toBeGreaterThan(10)
    expect([...names].filter(([name]) => !known.includes(series(name)))).toEqual([])
    expect(metricPrefix).toBe('marketplace_')
  })

  test('a script that does not exist', () => {
    expectKnown(named(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g), Object.keys(manifest.scripts))
  })

  test('a command that does not exist', async () => {
    const help = await bash('exec npm run -s cli -- --help 2>/dev/null')
    const commands = [...help.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = '']) => name)
    expectKnown(named(/(?:[`\s]marketplace-sidecar|main\.js|npm run cli --) ([a-z]+)\b/g), commands)
  })

  test('a log event that does not exist', () => {
    const areas = new Set(Object.keys(logEventTable).map((event) => event.split('.')[0]))
    const names = named(
      new RegExp(`\`((?:${[...areas].join('|')})\\.(?!(?:ts|db|lock)\`)[a-z-]+)\``, 'g'),
    )
    // Values of the chart look the same.
    const chart = readFileSync(join(root, 'helm/marketplace-sidecar/values.yaml'), 'utf8')
    const values = Object.keys(parse(chart)).map((name) => `sidecar.${name}`)
    expectKnown(names, [...Object.keys(logEventTable), 'metrics.embedded', ...values])
  })
})
