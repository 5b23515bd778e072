import { readdirSync } from 'node:fs'
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
