import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../../../kernel/errors.ts'
import type { TagSet } from '../../../../metering/tags.ts'
import { licenceOf, registrationOf } from '../../../registration-row.ts'
import type { ClaimRow, WholeBook } from '../../../whole-book.ts'
import { accountSums } from '../../account-sums.ts'
import { amountOf, fromColumns, type Row } from '../../amount-columns.ts'
import { Names } from '../../names.ts'
import { ReadingRows } from '../../reading-rows.ts'
import { RecordRows, selectRecords } from '../../record-rows.ts'
import { SqliteView } from '../../sqlite-view.ts'

const claimsAtOnce = 2000

/**
 * Reads all of a book, whose database nothing changes meanwhile. Throws LedgerNotFound for one that no
 * task or pod has opened.
 */
export function readWholeBook(database: DatabaseSync): WholeBook {
  const names = new Names(database)
  const records = new RecordRows(database, names)
  const view = new SqliteView(database, names, records)
  const tables = { database, names }
  const resources = all(database, 'SELECT identity, first_seen FROM resource ORDER BY id').map(
    (row) => ({ identity: String(row['identity']), firstSeenAt: Number(row['first_seen']) }),
  )
  const [first] = resources
  const owner = view.owner()
  if (first === undefined || owner === undefined)
    throw new SidecarError('LedgerNotFound', 'No sidecar has used this ledger: it holds nothing.')
  return {
    id: createHash('sha256')
      .update(JSON.stringify([first.identity, first.firstSeenAt]))
      .digest('hex')
      .slice(0, 32),
    owner,
    resources,
    ...customersOf(database),
    ...accountsOf(tables, view),
    records: database
      .prepare(`${selectRecords} ORDER BY record.id`)
      .all()
      .map((row) => records.whole(row)),
    ...readingsOf(tables),
    ...remarksOf(tables),
    sums: accountSums(database),
    claims: () => claimsOf(database),
  }
}

interface Tables {
  readonly database: DatabaseSync
  readonly names: Names
}

function all(database: DatabaseSync, sql: string): Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all()
}

const accountIn = (names: Names, row: Row) => names.account(Number(row['account_id']))
const resourceIn = (names: Names, row: Row) => names.resource(Number(row['resource_id']))

function customersOf(database: DatabaseSync): Pick<WholeBook, 'registrations' | 'licences'> {
  return {
    registrations: all(
      database,
      "SELECT * FROM registration WHERE form NOT IN ('resource', 'unregistered') ORDER BY id",
    ).map(registrationOf),
    licences: new Map(
      all(database, 'SELECT * FROM licence').map((row) => [String(row['name']), licenceOf(row)]),
    ),
  }
}

/** Where the usage of every account is, apart from its records. */
function accountsOf(
  { database, names }: Tables,
  view: SqliteView,
): Pick<WholeBook, 'accounts' | 'pruned' | 'open' | 'held' | 'voided'> {
  return {
    accounts: view.accounts().map((account) => ({
      account,
      reported: view.reported(account),
      fraction: view.fraction(account),
    })),
    pruned: all(database, 'SELECT id AS account_id, pruned_whole, pruned_micro FROM account').map(
      (row) => ({
        account: accountIn(names, row),
        quantity: fromColumns(row['pruned_whole'] as bigint, row['pruned_micro'] as bigint),
      }),
    ),
    open: view.openHours(Number.MAX_SAFE_INTEGER).map((open) => ({
      ...open,
      added: cellsOf(view.cells(open)),
    })),
    held: view.heldHours().map((held) => ({ ...held, added: cellsOf(view.heldCells(held)) })),
    voided: all(database, 'SELECT * FROM void ORDER BY id').map((row) => ({
      account: accountIn(names, row),
      recordId: row['record_id'] === null ? undefined : Number(row['record_id']),
      hour: Number(row['hour']),
      tags: String(row['tags']),
      quantity: amountOf(row),
      reason: String(row['reason']),
      at: Number(row['at']),
    })),
  }
}

function readingsOf({
  database,
  names,
}: Tables): Pick<WholeBook, 'readingHours' | 'readings' | 'cursors'> {
  const rows = new ReadingRows(database, names)
  const readingHours = all(database, 'SELECT * FROM reading_hour').map((row) => ({
    account: accountIn(names, row),
    resource: resourceIn(names, row),
    hour: Number(row['hour']),
    closed: row['closed'] === 1n,
    count: Number(row['readings']),
  }))
  return {
    readingHours,
    readings: readingHours.flatMap(({ account, resource, hour }) =>
      rows
        .all({ account, resource, hour })
        .map((reading) => ({ account, resource, hour, reading })),
    ),
    cursors: all(database, 'SELECT * FROM cursor').map((row) => ({
      resource: resourceIn(names, row),
      source: String(row['source']),
      series: String(row['series']),
      value: amountOf(row),
      startedAt: row['started_at'] === null ? undefined : Number(row['started_at']),
      readAt: Number(row['read_at']),
    })),
  }
}

/** What the book notes beside usage: what came too late, and what each task or pod remembers. */
function remarksOf({ database, names }: Tables): Pick<WholeBook, 'lateUsage' | 'notes'> {
  return {
    lateUsage: all(database, 'SELECT * FROM late_usage').map((row) => ({
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
      quantity: amountOf(row),
    })),
    notes: all(database, 'SELECT * FROM note').map((row) => ({
      resource: resourceIn(names, row),
      name: String(row['name']),
      value: String(row['value']),
    })),
  }
}

function cellsOf(
  cells: readonly { readonly tags: TagSet; readonly quantity: bigint }[],
): ReadonlyMap<TagSet, bigint> {
  return new Map(cells.map(({ tags, quantity }) => [tags, quantity]))
}

function* claimsOf(database: DatabaseSync): Generator<readonly ClaimRow[]> {
  const next = database.prepare(
    `SELECT * FROM idempotency WHERE id > ? ORDER BY id LIMIT ${claimsAtOnce}`,
  )
  for (let after = 0; ;) {
    const rows = next.all(after)
    const last = rows.at(-1)
    if (last === undefined) return
    after = Number(last['id'])
    yield rows.map((row) => ({
      key: row['key'] as Uint8Array,
      digest: row['digest'] as Uint8Array,
      receipts: String(row['receipts']),
      createdAt: Number(row['created_at']),
    }))
  }
}
