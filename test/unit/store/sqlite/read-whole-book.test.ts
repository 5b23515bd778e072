import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { Events } from '../../../../src/kernel/events.ts'
import { hourMs } from '../../../../src/metering/hour.ts'
import { untagged } from '../../../../src/metering/tags.ts'
import { keyOfToken, receiptsOfText } from '../../../../src/store/claim-row.ts'
import { readWholeBook } from '../../../../src/store/sqlite/file/commands/read-whole-book.ts'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/open-sqlite-store.ts'
import {
  accountFor,
  addedTo,
  nine,
  owner,
  partOf,
  pod,
  progressOf,
  recordOf,
  tagged,
  unit,
  write,
} from '../../../conformance/store/changes-for-tests.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../../support/ledger/open-ledger.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

const requests = accountFor('requests')
const users = accountFor('users', { aggregate: 'unique' })
const acme = {
  customer: 'acme',
  identity: { form: 'account', value: '111122223333', region: 'us-east-1' },
  names: { accountId: '111122223333', licenseArn: undefined, identifier: 'acme1' },
  createdAt: nine,
  startsAt: nine - hourMs,
  endedAt: nine + 1,
  deletedAt: undefined,
} as const
const licences = new Map([['aws:account:111122223333', { at: nine + 1, ended: true }]])
const held = { account: requests, resource: pod, hour: nine - hourMs, reason: 'guard' } as const
const written = { account: requests, tags: tagged('a'), quantity: unit, reason: 'a test' }
const voided = [
  { ...written, recordId: undefined, hour: nine, at: nine + 1 },
  { ...written, recordId: 1, hour: nine - hourMs, at: nine + 2 },
]
const reading = { tags: tagged('b'), key: 'ada', quantity: unit, at: nine + 3, until: nine + 4 }
const readingHour = { account: users, resource: pod, hour: nine }
const readingHours = [
  { ...readingHour, hour: nine - hourMs, closed: true, count: 0 },
  { ...readingHour, closed: false, count: 1 },
]
const cursors = [
  { resource: pod, source: 'page', series: 'a', value: 3n, startedAt: undefined, readAt: nine },
  { resource: pod, source: 'page', series: 'b', value: 4n * unit, startedAt: 7, readAt: nine + 1 },
]
const receipts = [{ result: 'accepted', hour: nine, late: true }] as const
const claims = Array.from({ length: 2001 }, (_, index) => ({
  token: `report:${index}`,
  digest: Buffer.from(String(index)),
  receipts,
  createdAt: nine + index,
}))

test('all that a book holds is read as it was written', async () => {
  const directory = temporaryDirectory()
  const rest = { events: new Events(), log: createSilentLog(), meaningOf: plainMeaning }
  const store = await openSqliteStore({ directory, now: nine, ...rest })
  await write(store, {
    owner,
    registrations: [acme],
    licences,
    accounts: [
      { account: requests, reported: 9n * unit, fraction: 250_000n },
      { account: users, reported: 0n, fraction: 0n },
    ],
    added: [addedTo(requests, nine, { [untagged]: 2n * unit, [tagged('a')]: 1n })],
    held: [{ ...held, since: nine + 5, added: new Map([[tagged('a'), 5n]]) }],
    newRecords: [recordOf(nine - hourMs, partOf(requests, 3)), recordOf(nine, partOf(requests, 4))],
  })
  await write(store, {
    accounts: [requests, users].map((account) => ({ account, reported: 0n, fraction: undefined })),
    voided,
    records: new Map([[1, progressOf({ state: 'accepted', meteringRecordId: 'm', attempts: 1 })]]),
    readings: { dropped: [], hours: readingHours, rows: [{ ...readingHour, reading }] },
    cursors: { removed: [], put: cursors },
    lateUsage: [{ dimension: 'requests', hour: nine, quantity: 6n * unit }],
    notes: [{ resource: pod, name: 'grace', value: 'until noon' }],
    claims,
  })
  await store.close()

  const database = new DatabaseSync(join(directory, 'ledger.db'))
  onTestFinished(() => database.close())
  const book = readWholeBook(database)
  expect(book).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    owner: pod,
    resources: [owner],
    registrations: [acme],
    licences,
    accounts: [
      { account: requests, reported: 9n * unit, fraction: 250_000n },
      { account: users, reported: 0n, fraction: 0n },
    ],
    pruned: [
      { account: requests, quantity: 0n },
      { account: users, quantity: 0n },
    ],
    open: [addedTo(requests, nine, { [untagged]: 2n * unit, [tagged('a')]: 1n })],
    held: [{ ...held, since: nine + 5, added: new Map([[tagged('a'), 5n]]) }],
    voided,
    records: [
      { id: 1, state: 'accepted', meteringRecordId: 'm', quantity: 3n * unit, resource: pod },
      { id: 2, state: 'sealed', dimension: 'requests', hour: nine, quantity: 4n * unit },
    ],
    readingHours,
    readings: [{ ...readingHour, reading }],
    cursors,
    lateUsage: [{ dimension: 'requests', hour: nine, quantity: 6n * unit }],
    notes: [{ resource: pod, name: 'grace', value: 'until noon' }],
  })
  expect(book.sums).toMatchObject([{ dimension: 'requests', open: 2n * unit + 1n }, {}])
  const read = [...book.claims()]
  expect(read.map(({ length }) => length)).toEqual([2000, 1])
  const [first, second] = read.flat()
  expect(receiptsOfText(first?.receipts ?? '')).toEqual(receipts)
  expect([first?.key, second?.key].map((key) => Buffer.from(key ?? []))).toEqual(
    claims.slice(0, 2).map(({ token }) => Buffer.from(keyOfToken(token))),
  )
  expect(
    read.flat().map(({ digest, createdAt }) => [Buffer.from(digest).toString(), createdAt]),
  ).toEqual(claims.map(({ digest, createdAt }) => [digest.toString(), createdAt]))
})

test('a book that no task or pod has opened is none', () => {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  migrate(database, nine, plainMeaning)
  expect(() => readWholeBook(database)).toThrow(
    expect.objectContaining({
      code: 'LedgerNotFound',
      message: expect.stringMatching(/No sidecar/),
    }),
  )
})
