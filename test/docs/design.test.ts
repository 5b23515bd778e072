import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

test('the page has every folder and root file of src, and no other', () => {
  const listed = tableOf(readPage('explain/design.md'), 'In `src`').flatMap(([names = '']) =>
    names.split(', ').map((name) => name.replaceAll('`', '')),
  )
  expect(listed.toSorted()).toEqual(readdirSync(join(root, 'src')).toSorted())
})

test('the files and folders that the page names exist', () => {
  const named = readPage('explain/design.md').match(/src\/[\w./-]+/g) ?? []
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('each port has a suite, and the page names all of its implementations', () => {
  const suites = readdirSync(join(root, 'test/conformance'), { recursive: true }).map(String)
  for (const [port = '', implementations = ''] of tableOf(readPage('explain/design.md'), 'Port')) {
    const folder = dirname(port.replaceAll('`', ''))
    const folders = readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(implementations.replaceAll('`', '').split(', ').toSorted(), folder).toEqual(
      folders.toSorted(),
    )
    const suite = `${basename(port.replaceAll('`', ''), '.ts')}-conformance.ts`
    expect(suites.map((path) => basename(path))).toContain(suite)
  }
})
