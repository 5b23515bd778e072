import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { clients, moto, type ClientDefinition } from '../../scripts/tools/client-tools.ts'
import { errorStatus, isServiceErrorName } from '../../src/protocol/service-errors.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('guides/clients.md')
const definitions: readonly ClientDefinition[] = Object.values(clients)

test('the page has every client that is run, with its version, and no other', () => {
  const listed = tableOf(page, 'Client | Version').map((cells) => cells.slice(0, 3))
  expect(listed).toEqual(
    definitions.map(({ name, version, repeatsBy }) => [name, version, repeatsBy]),
  )
})

test('the versions are those that are installed', () => {
  for (const { package: name, version, pinnedIn } of [...definitions, moto]) {
    const text = readFileSync(new URL(`../../${pinnedIn}`, import.meta.url), 'utf8')
    const artifact = name.split(':').at(-1) ?? name
    const between = String.raw`(==| v|": "|</artifactId>\s*<version>|\]\s*version = "=)`
    const escaped = [artifact, version].map((part) => part.replace(/[/.@-]/g, String.raw`\$&`))
    expect(text, name).toMatch(new RegExp(`${escaped.join(between)}\\b`))
  }
})

test('every error of the page is one of AWS’s, with its status', () => {
  for (const [name = '', status] of tableOf(page, 'Error')) {
    expect(isServiceErrorName(name), name).toBe(true)
    expect(errorStatus(name), name).toBe(Number(status))
  }
})
