import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { proofExamples } from '../support/entitlement/proof-examples.ts'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('guides/proof.md')
const files = Object.values(proofExamples).map(({ file }) => file)
const read = (file: string) => readFileSync(join(root, file), 'utf8')

test.each(files)('%s has fewer than 60 lines', (file) => {
  expect(read(file).trimEnd().split('\n').length).toBeLessThan(60)
})

test('the page has a row for each example, and no other', () => {
  const links = tableOf(page, 'Example').map(
    ([cell = '']) => /\(\.\.\/\.\.\/(.*)\)/.exec(cell)?.[1],
  )
  expect(links).toEqual(files)
})

test('what the page shows of a program is in the program', () => {
  const blocks = [...page.matchAll(/^( *)```(.*)\n([^]*?)^ *```$/gm)]
  expect(blocks.length).toBeGreaterThan(2)
  for (const [, indent = '', info = '', text = ''] of blocks) {
    const [, file = ''] = info.split(' ')
    expect(files).toContain(file)
    expect(read(file)).toContain(text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
  }
})

test.each(files)('%s waits a minute and uses a salt of 32 bytes', (file) => {
  const text = read(file)
  expect(text.match(/\b60\b/g)).toHaveLength(1)
  expect(text).toMatch(/saltLength: 32|rsa_pss_saltlen:32|, 32\)|SaltLength: 32|, 32, 1\)/)
})

test.each(files)('%s reads nothing that it checks from the environment', (file) => {
  expect(read(file)).not.toMatch(/process\.env|os\.environ|[gG]etenv/)
})
