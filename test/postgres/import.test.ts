import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ledger as command } from '../../src/cli/ledger/ledger-command.ts'
import { auditBook } from '../../src/ledger/audit/audit.ts'
import { hourOf } from '../../src/metering/hour.ts'
import { canonicalTags } from '../../src/metering/tags.ts'
import { readBook as readFileBook } from '../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit } from '../support/ledger/ledger-bench.ts'
import { bookOfFile, meaning, pod } from './support/book-of-file.ts'
import { CuttingProxy } from './support/cutting-proxy.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')

/** Runs `ledger` on a directory and a database, and returns its lines. */
async function run(args: readonly string[], url: string, directory: string): Promise<string[]> {
  const lines: string[] = []
  const io = {
    env: { SIDECAR_DATABASE_URL: url, SIDECAR_DATA_DIR: directory },
    out: (line: string) => lines.push(line),
    err: (line: string) => lines.push(line),
    onSignal: () => {},
  }
  const clock = { now: () => Date.now() }
  expect(await command(args, io as never, clock as never)).toBe(0)
  return lines
}

const sumsOf = (directory: string) => readFileBook(directory, (book) => book.accountSums())

test('a ledger goes on in the database with every unit in its place, and its file is closed for good', async () => {
  const { directory, clock } = await bookOfFile()
  const before = await sumsOf(directory)
  const url = await newDatabase(server)
  const [line] = await run(['import'], url, directory)
  expect(line).toContain(`3 records of ${pod}`)

  await expect(openBench({ directory, clock, resource: pod })).rejects.toMatchObject({
    code: 'LedgerImported',
  })
  expect(await sumsOf(directory)).toEqual(before)
  const { ledger, report } = await openSharedLedger(url, pod, clock, { meaningOf: () => meaning })
  expect(await ledger.audit()).toEqual(auditBook(before))
  const { pending, held, settled, open } = await ledger.usage()
  expect(pending.map(({ dimension, state, ambiguous }) => [dimension, state, ambiguous])).toEqual([
    ['marked', 'sending', true],
    ['sealed', 'sealed', false],
  ])
  expect(settled).toMatchObject([
    { dimension: 'accepted', meteringRecordId: 'm-1', quantity: 10n * unit },
  ])
  expect(held).toMatchObject([{ dimension: 'guarded', quantity: 105n * unit }])
  expect(open).toMatchObject([{ dimension: 'open', quantity: 7n * unit }])
  const repeated = { idempotencyKey: 'sealed', tags: canonicalTags([{ key: 'team', value: 'a' }]) }
  expect(await report('sealed', 105n * unit, repeated)).toMatchObject([{ result: 'duplicate' }])
})

test('another task or pod takes over what the ledger had not sent, and its call is unresolved', async () => {
  const { directory, clock } = await bookOfFile()
  const url = await newDatabase(server)
  await run(['import'], url, directory)
  const { ledger } = await openSharedLedger(url, 'pod:new', clock, { meaningOf: () => meaning })
  const { unresolvedCount, open } = await ledger.usage()
  expect(unresolvedCount).toBe(1)
  expect(open).toMatchObject([
    { dimension: 'open', hour: hourOf(clock.now()), quantity: 7n * unit },
    { dimension: 'sealed', hour: hourOf(clock.now()), quantity: 100n * unit },
  ])
})

test('a ledger, or a copy of it, is brought in once', async () => {
  const { directory } = await bookOfFile()
  const copy = mkdtempSync(join(tmpdir(), 'sidecar-copy-'))
  onTestFinished(() => rmSync(copy, { recursive: true }))
  cpSync(directory, copy, { recursive: true })
  const url = await newDatabase(server)
  await run(['import'], url, directory)
  for (const each of [directory, copy])
    await expect(run(['import'], url, each)).rejects.toMatchObject({ code: 'LedgerImported' })
  const other = await newDatabase(server)
  await expect(run(['import'], other, directory)).rejects.toMatchObject({ code: 'LedgerImported' })
  const rows = await asOwner(url, 'SELECT count(*)::int AS n FROM marketplace_sidecar.record')
  expect(rows).toEqual([{ n: 3 }])
})

test.each(['before', 'after'] as const)(
  'an import whose connection breaks %s the commit is there once after the next one',
  async (cut) => {
    const { directory, clock } = await bookOfFile()
    const before = await sumsOf(directory)
    const url = await newDatabase(server)
    const proxy = await CuttingProxy.start(server.port, /COMMIT(?!TED)/)
    onTestFinished(() => proxy.close())
    const through = new URL(url)
    through.port = `${proxy.port}`
    proxy.cutNext(cut, 1)
    await expect(run(['import'], through.href, directory)).rejects.toMatchObject({
      code: 'DatabaseOutcomeUnknown',
    })
    await expect(openBench({ directory, clock, resource: pod })).rejects.toMatchObject({
      code: 'LedgerImported',
    })
    const again = await run(['import'], through.href, directory).then(
      () => 'brought in',
      (error: unknown) => (error as { code: string }).code,
    )
    expect(again).toBe(cut === 'before' ? 'brought in' : 'LedgerImported')
    const { ledger } = await openSharedLedger(url, 'pod:new', clock, { meaningOf: () => meaning })
    expect((await ledger.audit()).map(({ reported }) => reported)).toEqual(
      before.map(({ reported }) => reported),
    )
    expect(await asOwner(url, 'SELECT count(*)::int AS n FROM marketplace_sidecar.record')).toEqual(
      [{ n: 3 }],
    )
  },
)

test('a ledger that a sidecar uses stays its own', async () => {
  const { directory, report } = await openBench({ resource: pod, meaningOf: () => meaning })
  await report('requests', unit)
  const url = await newDatabase(server)
  await expect(run(['import'], url, directory)).rejects.toMatchObject({ code: 'LedgerInUse' })
  await report('requests', unit)
})

test('a ledger is not mixed with what its task or pod already has in the database', async () => {
  const { directory, clock } = await bookOfFile()
  const url = await newDatabase(server)
  const { ledger } = await openSharedLedger(url, pod, clock, { meaningOf: () => meaning })
  await ledger.close()
  await expect(run(['import'], url, directory)).rejects.toMatchObject({
    code: 'LedgerNotImported',
  })
  const { ledger: still } = await openBench({ directory, clock, resource: pod })
  expect((await still.usage()).pending).toHaveLength(2)
})
