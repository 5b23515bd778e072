import { expect, inject, onTestFinished, test } from 'vitest'
import { readBook } from '../../src/store/sqlite/file/commands/book-file.ts'
import { runCommand } from '../kill/commands/operator-process.ts'
import { bookOfFile, meaning, pod } from './support/book-of-file.ts'
import { openBench } from '../support/ledger/ledger-bench.ts'
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
    clock,
    /** As the sidecar of the file does without the database. */
    openFile: () => openBench({ directory, clock, resource: pod, meaningOf: () => meaning }),
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

/** A proxy, and the message with which the check of an import ends: its mark follows, and then its writes. */
async function throughProxy() {
  const proxy = await CountingProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const whole = await setUp()
  const env = { SIDECAR_DATABASE_URL: proxy.through(whole.url) }
  expect(await runCommand(['import'], whole.directory, { env })).toBe('done')
  const [checked = 0] = proxy.commits
  expect(checked).toBeGreaterThan(5)
  /** Runs an import that is killed at a message. */
  const killAt = async (
    message: number,
    when: 'before' | 'after',
    { directory, url }: Pick<Awaited<ReturnType<typeof setUp>>, 'directory' | 'url'>,
  ) => {
    const onStart = (kill: () => void) => proxy.at(message, when, kill)
    const through = { SIDECAR_DATABASE_URL: proxy.through(url) }
    expect(await runCommand(['import'], directory, { env: through, onStart })).toBe('killed')
  }
  return { proxy, checked, killAt }
}

test('an import that is killed on its way through the database is there once after the last', async () => {
  const { proxy, checked, killAt } = await throughProxy()
  // One that goes on after a kill asks less.
  const resumed = await setUp()
  await killAt(checked + 1, 'before', resumed)
  proxy.at(Infinity, 'before', () => {})
  const counting = { SIDECAR_DATABASE_URL: proxy.through(resumed.url) }
  expect(await runCommand(['import'], resumed.directory, { env: counting })).toBe('done')
  const { messages, commits } = proxy
  const last = commits.at(-1) ?? 0
  expect(last).toBeGreaterThan(5)

  const book = await setUp()
  for (const message of [1, checked + 1]) await killAt(message, 'before', book)
  const middle = [4, 2, 1.3].map((part) => Math.round(messages / part))
  for (const message of [...middle, last]) await killAt(message, 'before', book)
  await killAt(last, 'after', book)
  // The commit had happened: the database knows the book.
  const env = { SIDECAR_DATABASE_URL: proxy.through(book.url) }
  expect(await runCommand(['import'], book.directory, { env })).toBe('refused')
  await expect(book.openFile()).rejects.toMatchObject({ code: 'LedgerImported' })
  await book.expectAllThereOnce()
})

test('an import that is killed between its check and its first write does not close the file for good', async () => {
  const { proxy, checked, killAt } = await throughProxy()
  const book = await setUp()
  await killAt(checked + 1, 'before', book)
  await expect(book.openFile()).rejects.toMatchObject({ code: 'LedgerImported' })

  // The sidecar of the file starts with the database before the command runs again.
  const { directory, url, clock } = book
  const { ledger } = await openSharedLedger(url, pod, clock, { meaningOf: () => meaning })
  await ledger.close()
  const before = await readBook(directory, (reader) => reader.accountSums())
  const env = { SIDECAR_DATABASE_URL: proxy.through(url) }
  expect(await runCommand(['import'], directory, { env })).toBe('refused')
  const { ledger: still } = await book.openFile()
  expect(await readBook(directory, (reader) => reader.accountSums())).toEqual(before)
  expect((await still.usage()).pending).toHaveLength(2)
})
