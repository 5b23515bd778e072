import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

test('the page has every folder and root file of src, and no other', () => {
  const listed = tableOf(readPage('design.md'), 'In `src`').flatMap(([names = '']) =>
    names.split(', ').map((name) => name.replaceAll('`', '')),
  )
  expect(listed.toSorted()).toEqual(readdirSync(join(root, 'src')).toSorted())
})

test('the files and folders that the page names exist', () => {
  const named = readPage('design.md').match(/src\/[\w./-]+/g) ?? []
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
