import { expect, inject, onTestFinished, test } from 'vitest'
import { readBook } from '../../src/store/sqlite/file/commands/book-file.ts'
import { runCommand } from '../kill/commands/operator-process.ts'
import { bookOfFile, meaning } from './support/book-of-file.ts'
import { CountingProxy } from './support/counting-proxy.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')

/** A ledger in a directory, a database, and what an import of one into the other has to bring. */
async function setUp() {
  const { directory, clock } = await bookOfFile()
  const url = await newDatabase(server)
  const reportedIn = (sums: readonly { readonly reported: bigint }[]) =>
    sums.map(({ reported }) => reported).toSorted((a, b) => (a < b ? -1 : 1))
  const expected = reportedIn(await readBook(directory, (book) => book.accountSums()))
  return {
    directory,
    url,
    expectAllThereOnce: async () => {
      const { ledger } = await openSharedLedger(url, 'pod:new', clock, {
        meaningOf: () => meaning,
      })
      const accounts = await ledger.audit()
      expect(reportedIn(accounts)).toEqual(expected)
      const count = 'SELECT count(*)::int AS n FROM marketplace_sidecar.record'
      expect(await asOwner(url, count)).toEqual([{ n: 3 }])
    },
  }
}

test('an import that is killed before each of its statements in the file is there once after the last', async () => {
  const { directory, url, expectAllThereOnce } = await setUp()
  const env = { SIDECAR_DATABASE_URL: url }
  let kills = 0
  for (let statement = 1; statement < 100; statement += 1) {
    const end = await runCommand(['import'], directory, { killAtStatement: statement, env })
    if (end !== 'killed') break
    kills += 1
  }
  expect(kills).toBeGreaterThan(0)
  await runCommand(['import'], directory, { env })
  await expectAllThereOnce()
})

test('an import that is killed on its way through the database is there once after the last', async () => {
  const proxy = await CountingProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const whole = await setUp()
  const counting = { SIDECAR_DATABASE_URL: proxy.through(whole.url) }
  expect(await runCommand(['import'], whole.directory, { env: counting })).toBe('done')
  const { messages, commits } = proxy
  const last = commits.at(-1) ?? 0
  expect(last).toBeGreaterThan(5)

  const { directory, url, expectAllThereOnce } = await setUp()
  const env = { SIDECAR_DATABASE_URL: proxy.through(url) }
  const middle = [4, 2, 1.3].map((part) => Math.round(messages / part))
  const moments = [
    ...[1, ...middle, last].map((message) => [message, 'before'] as const),
    [last, 'after'] as const,
  ]
  for (const [message, when] of moments) {
    const onStart = (kill: () => void) => proxy.at(message, when, kill)
    expect(await runCommand(['import'], directory, { env, onStart })).toBe('killed')
  }
  // The commit had happened: the database knows the book.
  expect(await runCommand(['import'], directory, { env })).toBe('refused')
  await expectAllThereOnce()
})
