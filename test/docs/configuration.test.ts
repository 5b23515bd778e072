import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runHelp } from '../../src/cli/run/run.ts'
import { renderSettingsTable } from '../../scripts/generate/render-settings.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'

const page = readFileSync(new URL('../../docs/reference/configuration.md', import.meta.url), 'utf8')

test('the page has the table of settings that the code generates', () => {
  const table = /<!-- settings: .*?-->\n(.*?)\n<!-- end of settings -->/s.exec(page)?.[1]
  expect(table).toBe(renderSettingsTable())
})

test('every setting is on the page, and the page names no setting that does not exist', () => {
  const known = settingsTable.map((row) => row.name)
  const links = ['SIDECAR_SERVICE_HOST', 'SIDECAR_PORT_']
  const named = new Set(page.match(/SIDECAR_[A-Z_]+/g))
  expect(known.filter((name) => !named.has(name))).toEqual([])
  expect([...named].filter((name) => ![...known, ...links, 'SIDECAR_'].includes(name))).toEqual([])
})

test('every setting has one whole sentence', () => {
  for (const { name, summary } of settingsTable) expect(summary, name).toMatch(/^[A-Z].+[^.]\.$/s)
})

test('the page and the help of run have the same options', () => {
  const [, section = ''] = /^Two options of `run`(.*?)^- /ms.exec(page) ?? []
  const options = (text: string) => new Set(text.match(/--[a-z]+(-[a-z]+)*/g))
  expect(options(section)).toEqual(options(runHelp))
  expect(options(section).size).toBe(3)
})
