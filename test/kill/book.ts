import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface BookRecord {
  readonly id: number
  readonly dimension: string
  readonly hour: number
  readonly quantity: number
  readonly state: string
  readonly meteringRecordId: string | null
  readonly lastCode: string | null
}

/** What usage is told apart by; of customers as `customer/dimension`. */
export type BookNames = 'dimension' | 'customer/dimension'

/** What a ledger holds, read without the ledger's own code. Micro-units by name. */
export interface Book {
  readonly reported: ReadonlyMap<string, bigint>
  readonly open: ReadonlyMap<string, bigint>
  readonly fraction: ReadonlyMap<string, bigint>
  /** What operators wrote off. */
  readonly voided: ReadonlyMap<string, bigint>
  readonly records: readonly BookRecord[]
  /** Customers with a registration, and those whose licence has ended. */
  readonly registered: ReadonlySet<string>
  readonly ended: ReadonlySet<string>
  /** What is wrong with the ledger itself: it does not balance, or the file is damaged. */
  readonly faults: readonly string[]
}

const microPerUnit = 1_000_000n

/** Reads a copy of the files, so that the ledger of a killed process stays as it is. */
export function readBook(dataDirectory: string, names: BookNames = 'dimension'): Book {
  mkdirSync(dataDirectory, { recursive: true })
  const scratch = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-book-'))
  try {
    for (const suffix of ['', '-wal'])
      if (existsSync(join(dataDirectory, `ledger.db${suffix}`)))
        copyFileSync(join(dataDirectory, `ledger.db${suffix}`), join(scratch, `ledger.db${suffix}`))
    const database = new DatabaseSync(join(scratch, 'ledger.db'))
    try {
      const asides = readdirSync(dataDirectory).filter((name) => name.includes('damaged'))
      return bookOf(database, asides, names)
    } finally {
      database.close()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function bookOf(database: DatabaseSync, asides: readonly string[], names: BookNames): Book {
  // A process that was killed before its first commit leaves a file without tables.
  if (database.prepare('PRAGMA user_version').get()?.['user_version'] === 0)
    return {
      reported: new Map(),
      open: new Map(),
      fraction: new Map(),
      voided: new Map(),
      records: [],
      registered: new Set(),
      ended: new Set(),
      faults: asides,
    }
  const name = names === 'dimension' ? 'dimension' : "customer || '/' || dimension"
  const amountsIn = (place: string, columns = 'whole, micro') =>
    amounts(
      database,
      `SELECT ${name} AS dimension, ${columns} FROM ${place}
       JOIN registration ON registration.id = registration_id`,
    )
  const reported = amountsIn('account', 'reported_whole AS whole, reported_micro AS micro')
  const open = amountsIn('open JOIN account ON account.id = account_id')
  const fraction = amountsIn('account', 'fraction_whole AS whole, fraction_micro AS micro')
  const voided = amountsIn('void JOIN account ON account.id = account_id')
  const records = database
    .prepare(
      `SELECT record.id, ${name} AS dimension, hour, quantity / 1000000 AS quantity, state,
              metering_record_id AS meteringRecordId, last_code AS lastCode
       FROM record JOIN slot ON slot.id = slot_id
       LEFT JOIN (SELECT record_id, min(customer) AS customer FROM record_part
                  JOIN account ON account.id = account_id
                  JOIN registration ON registration.id = registration_id GROUP BY record_id)
         ON record_id = record.id
       ORDER BY record.id`,
    )
    .all() as unknown as BookRecord[]
  const customers = database
    .prepare(
      "SELECT customer, ended_at FROM registration WHERE form NOT IN ('resource', 'unregistered')",
    )
    .all()
  const registered = new Set(customers.map((row) => String(row['customer'])))
  const ended = customers.filter((row) => row['ended_at'] !== null)
  const integrity = database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
  const imbalances = [...reported].flatMap(([dimension, quantity]) => {
    const inRecords = records
      .filter((record) => record.dimension === dimension && record.state !== 'moved')
      .reduce((sum, record) => sum + BigInt(record.quantity) * microPerUnit, 0n)
    const places = [open, fraction, voided].map((place) => place.get(dimension) ?? 0n)
    const held = places.reduce((sum, part) => sum + part, inRecords)
    return held === quantity ? [] : [`${dimension}: reported ${quantity}, in all places ${held}`]
  })
  const faults = [
    ...asides.map((file) => `set aside: ${file}`),
    ...imbalances,
    ...(integrity === 'ok' ? [] : [`integrity: ${String(integrity)}`]),
  ]
  return {
    reported,
    open,
    fraction,
    voided,
    records,
    registered,
    ended: new Set(ended.map((row) => String(row['customer']))),
    faults,
  }
}

export function amounts(database: DatabaseSync, sql: string): Map<string, bigint> {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  const sums = new Map<string, bigint>()
  for (const { dimension, whole, micro } of statement.all()) {
    const name = String(dimension)
    const quantity = (whole as bigint) * microPerUnit + (micro as bigint)
    sums.set(name, (sums.get(name) ?? 0n) + quantity)
  }
  return sums
}
