import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generated, stale } from '../../scripts/generate/generate.ts'
import { root, temporaryDirectory } from '../support/program/program.ts'

test('every generated file is what "npm run generate" makes', async () => {
  expect(await stale()).toEqual([])
})

test('every generated file that differs is named as stale', async () => {
  const folder = temporaryDirectory()
  for (const { path } of generated) cpSync(join(root, path), join(folder, path))
  expect(await stale(folder)).toEqual([])
  const file = join(folder, 'docs/reference/errors.md')
  writeFileSync(file, readFileSync(file, 'utf8').replace('| 507 |', '| 508 |'))
  expect(await stale(folder)).toEqual(['docs/reference/errors.md'])
})
