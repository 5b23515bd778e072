import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { tableOf } from './page.ts'

const folders = ['deploy/terraform', 'deploy/terraform/events']

const read = (folder: string, name: string) => readFileSync(join(root, folder, name), 'utf8')

const blocks = (folder: string, kind: string) =>
  [...read(folder, 'main.tf').matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n(.*?)^\\}`, 'gms'))].map(
    ([, name = '', body = '']) => ({
      name,
      description: /^ +description += "(.*)"$/m.exec(body)?.[1],
      default: /^ +default += (.*)$/m.exec(body)?.[1],
    }),
  )

test.each(folders)('%s/README.md has every variable with its default and description', (folder) => {
  expect(tableOf(read(folder, 'README.md'), 'Variable')).toEqual(
    blocks(folder, 'variable').map((each) => [
      each.name,
      each.default ?? 'required',
      each.description,
    ]),
  )
})

test.each(folders)('%s/README.md has every output with its description', (folder) => {
  expect(tableOf(read(folder, 'README.md'), 'Output')).toEqual(
    blocks(folder, 'output').map(({ name, description }) => [name, description]),
  )
})
