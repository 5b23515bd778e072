import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { tableOf } from './page.ts'

const folder = join(root, 'deploy/terraform')
const page = readFileSync(join(folder, 'README.md'), 'utf8')
const module = readFileSync(join(folder, 'main.tf'), 'utf8')

const blocks = (kind: string) =>
  [...module.matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n(.*?)^\\}`, 'gms'))].map(
    ([, name = '', body = '']) => ({
      name,
      description: /^ +description += "(.*)"$/m.exec(body)?.[1],
      default: /^ +default += (.*)$/m.exec(body)?.[1],
    }),
  )

test('deploy/terraform/README.md has every variable with its default and description', () => {
  expect(tableOf(page, 'Variable')).toEqual(
    blocks('variable').map((each) => [each.name, each.default ?? 'required', each.description]),
  )
})

test('deploy/terraform/README.md has every output with its description', () => {
  expect(tableOf(page, 'Output')).toEqual(
    blocks('output').map(({ name, description }) => [name, description]),
  )
})
