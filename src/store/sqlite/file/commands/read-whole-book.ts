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
  const all = (sql: string): Row[] => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all()
  }
  const accountOf = (row: Row) => names.account(Number(row['account_id']))
  const resourceOf = (row: Row) => names.resource(Number(row['resource_id']))
  const resources = all('SELECT identity, first_seen FROM resource ORDER BY id').map((row) => ({
    identity: String(row['identity']),
    firstSeenAt: Number(row['first_seen']),
  }))
  const [first] = resources
  const owner = view.owner()
  if (first === undefined || owner === undefined)
    throw new SidecarError('LedgerNotFound', 'No sidecar has used this ledger: it holds nothing.')
  const readings = new ReadingRows(database, names)
  const readingHours = all('SELECT * FROM reading_hour').map((row) => ({
    account: accountOf(row),
    resource: resourceOf(row),
    hour: Number(row['hour']),
    closed: row['closed'] === 1n,
    count: Number(row['readings']),
  }))
  return {
    id: createHash('sha256')
      .update(JSON.stringify([first.identity, first.firstSeenAt]))
      .digest('hex')
      .slice(0, 32),
    owner,
    resources,
    registrations: all(
      "SELECT * FROM registration WHERE form NOT IN ('resource', 'unregistered') ORDER BY id",
    ).map(registrationOf),
    licences: new Map(
      all('SELECT * FROM licence').map((row) => [String(row['name']), licenceOf(row)]),
    ),
    accounts: view.accounts().map((account) => ({
      account,
      reported: view.reported(account),
      fraction: view.fraction(account),
    })),
    pruned: all('SELECT id AS account_id, pruned_whole, pruned_micro FROM account').map((row) => ({
      account: accountOf(row),
      quantity: fromColumns(row['pruned_whole'] as bigint, row['pruned_micro'] as bigint),
    })),
    open: view.openHours(Number.MAX_SAFE_INTEGER).map((open) => ({
      ...open,
      added: cellsOf(view.cells(open)),
    })),
    held: view.heldHours().map((held) => ({ ...held, added: cellsOf(view.heldCells(held)) })),
    voided: all('SELECT * FROM void ORDER BY id').map((row) => ({
      account: accountOf(row),
      recordId: row['record_id'] === null ? undefined : Number(row['record_id']),
      hour: Number(row['hour']),
      tags: String(row['tags']),
      quantity: amountOf(row),
      reason: String(row['reason']),
      at: Number(row['at']),
    })),
    records: database
      .prepare(`${selectRecords} ORDER BY record.id`)
      .all()
      .map((row) => records.whole(row)),
    readingHours,
    readings: readingHours.flatMap(({ account, resource, hour }) =>
      readings
        .all({ account, resource, hour })
        .map((reading) => ({ account, resource, hour, reading })),
    ),
    cursors: all('SELECT * FROM cursor').map((row) => ({
      resource: resourceOf(row),
      source: String(row['source']),
      series: String(row['series']),
      value: amountOf(row),
      startedAt: row['started_at'] === null ? undefined : Number(row['started_at']),
      readAt: Number(row['read_at']),
    })),
    lateUsage: all('SELECT * FROM late_usage').map((row) => ({
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
      quantity: amountOf(row),
    })),
    notes: all('SELECT * FROM note').map((row) => ({
      resource: resourceOf(row),
      name: String(row['name']),
      value: String(row['value']),
    })),
    sums: accountSums(database),
    claims: () => claimsOf(database),
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
