import { readdirSync, readFileSync } from 'node:fs'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { emulateOptions } from '../../src/cli/emulate/emulate.ts'
import { addWorldRoutes, type WorldParts } from '../../src/emulator/control/world-routes.ts'
import { addControlRoutes, type ControlParts } from '../../src/emulator/control/control-routes.ts'
import { defaultSettings } from '../../src/emulator/emulator-settings.ts'
import { renderErrorTable, renderScenarioTables } from '../../scripts/generate/emulator-tables.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/reference/emulator.md', root), 'utf8')

/** Returns the text between two marks of the page. */
function block(name: string): string {
  return (
    new RegExp(`<!-- ${name}.*?-->\\n(.*?)\\n<!-- end of ${name} -->`, 's').exec(page)?.[1] ?? ''
  )
}

/** Returns the text under a heading of the second level. */
function section(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
}

/** Returns the first cells of the rows that match, without the backquotes. */
function firstCells(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

describe('docs/reference/emulator.md', () => {
  test('has the tables of the scenario file that the schema generates', () => {
    expect(block('scenario')).toBe(renderScenarioTables())
  })

  test('has the errors of each operation that the protocol generates', () => {
    expect(block('errors')).toBe(renderErrorTable())
  })

  test('has every option of the command, and no other', () => {
    const named = firstCells(section('Options'), /^\| `--([a-z-]+)/gm)
    expect(named).toEqual(Object.keys(emulateOptions))
  })

  test('has the defaults of the options', () => {
    for (const [name, option] of Object.entries(emulateOptions)) {
      if (!('default' in option) || typeof option.default !== 'string') continue
      expect(section('Options')).toMatch(
        new RegExp(`^\\| \`--${name} .*?\` \\| \`${option.default}\``, 'm'),
      )
    }
  })

  test('has every route of the control API, and no other', () => {
    const routes: string[] = []
    const app = fastify({ exposeHeadRoutes: false })
    app.addHook('onRoute', ({ method, url }) => void routes.push(`${String(method)} ${url}`))
    // Registering the routes uses none of the parts; only calls do.
    addControlRoutes(app, {} as ControlParts)
    addWorldRoutes(app, {} as WorldParts)
    expect(firstCells(section('The control API'), /^\| `((?:GET|POST) \S+)`/gm)).toEqual(routes)
  })

  test('has every setting of the control API with its first value, and no other', () => {
    const rows = [...section('The control API').matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)]
    const settings = Object.entries(defaultSettings(undefined)).map(([name, value]) => [
      name,
      String(value ?? null),
    ])
    expect(rows.map((row) => row.slice(1))).toEqual(settings)
  })

  test('has every rule that a test is named after, with its source, and no other', () => {
    const folder = new URL('test/service/emulator/', root)
    const files = readdirSync(folder).filter((name) => name.startsWith('rules-'))
    const tests = files.flatMap((name) =>
      firstCells(readFileSync(new URL(name, folder), 'utf8'), /^ +test\('([^']+)'/gm),
    )
    expect(new Set(tests).size).toBe(tests.length)
    const rules = firstCells(block('rules'), /^\| (.+?) \| (?:AWS|\(\?\))(?:; .+)? \|$/gm)
    expect(rules.toSorted()).toEqual(tests.toSorted())
    const rows = block('rules').match(/^\| .*\|$/gm) ?? []
    const heads = block('rules').match(/^\| Rule \| Source \|$/gm) ?? []
    expect(rows).toHaveLength(rules.length + heads.length)
  })

  test('names examples and files that exist', () => {
    const paths = [...page.matchAll(/(?:examples|test|src)\/[\w./-]+\.(?:yaml|ts)/g)].map(
      ([path]) => path,
    )
    expect(paths.length).toBeGreaterThan(3)
    for (const path of paths) expect(readFileSync(new URL(path, root), 'utf8'), path).not.toBe('')
  })
})
