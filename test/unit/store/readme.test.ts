import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const store = new URL('../../../src/store/', import.meta.url)
const oneSpace = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(/\s*;\s*$/g, '')

test('the SQL of SQLite on the page is the SQL of the store', () => {
  const page = readFileSync(new URL('README.md', store), 'utf8')
  const statements = [...page.matchAll(/^-- SQLite.*\n([^`]*)```/gm)]
    .flatMap(([, block = '']) => block.split(/;\n/))
    .map(oneSpace)
    .filter((statement) => statement !== '')
  const sources = readdirSync(new URL('sqlite/', store)).filter((name) => name.endsWith('.ts'))
  const code = sources.map((name) => readFileSync(new URL(`sqlite/${name}`, store), 'utf8'))
  // The view writes this condition once for three statements.
  const hour = 'account_id = ? AND resource_id = ? AND hour = ?'
  const known = oneSpace(code.join('\n').replaceAll('${hour}', hour))
  expect(statements).toHaveLength(12)
  expect(statements.filter((statement) => !known.includes(statement))).toEqual([])
})
