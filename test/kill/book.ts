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

/** What a ledger holds, read without the ledger's own code. Micro-units by dimension. */
export interface Book {
  readonly reported: ReadonlyMap<string, bigint>
  readonly open: ReadonlyMap<string, bigint>
  readonly fraction: ReadonlyMap<string, bigint>
  /** What operators wrote off. */
  readonly voided: ReadonlyMap<string, bigint>
  readonly records: readonly BookRecord[]
  /** What is wrong with the ledger itself: it does not balance, or the file is damaged. */
  readonly faults: readonly string[]
}

const microPerUnit = 1_000_000n

/** Reads a copy of the files, so that the ledger of a killed process stays as it is. */
export function readBook(dataDirectory: string): Book {
  mkdirSync(dataDirectory, { recursive: true })
  const scratch = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-book-'))
  try {
    for (const suffix of ['', '-wal'])
      if (existsSync(join(dataDirectory, `ledger.db${suffix}`)))
        copyFileSync(join(dataDirectory, `ledger.db${suffix}`), join(scratch, `ledger.db${suffix}`))
    const database = new DatabaseSync(join(scratch, 'ledger.db'))
    try {
      const asides = readdirSync(dataDirectory).filter((name) => name.includes('damaged'))
      return bookOf(database, asides)
    } finally {
      database.close()
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function bookOf(database: DatabaseSync, asides: readonly string[]): Book {
  // A process that was killed before its first commit leaves a file without tables.
  if (database.prepare('PRAGMA user_version').get()?.['user_version'] === 0)
    return {
      reported: new Map(),
      open: new Map(),
      fraction: new Map(),
      voided: new Map(),
      records: [],
      faults: asides,
    }
  const reported = amounts(
    database,
    'SELECT dimension, reported_whole AS whole, reported_micro AS micro FROM account',
  )
  const open = amounts(
    database,
    'SELECT dimension, whole, micro FROM open JOIN account ON account.id = account_id',
  )
  const fraction = amounts(
    database,
    'SELECT dimension, fraction_whole AS whole, fraction_micro AS micro FROM account',
  )
  const voided = amounts(
    database,
    'SELECT dimension, whole, micro FROM void JOIN account ON account.id = account_id',
  )
  const records = database
    .prepare(
      `SELECT record.id, dimension, hour, quantity / 1000000 AS quantity, state, metering_record_id AS meteringRecordId,
              last_code AS lastCode
       FROM record JOIN slot ON slot.id = slot_id ORDER BY record.id`,
    )
    .all() as unknown as BookRecord[]
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
    ...asides.map((name) => `set aside: ${name}`),
    ...imbalances,
    ...(integrity === 'ok' ? [] : [`integrity: ${String(integrity)}`]),
  ]
  return { reported, open, fraction, voided, records, faults }
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
