import { toIso } from '../../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../../kernel/errors.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import type { Changes } from '../../changes.ts'
import { imbalanceOf, type AccountSums } from '../../summary.ts'
import type { WholeBook } from '../../whole-book.ts'
import { accountSums } from '../audit/account-sums.ts'
import { CommitUnknown, openDatabase, type Database, type Session } from '../connection/database.ts'
import { isUniqueViolation, translate } from '../connection/database-errors.ts'
import { nameOfDatabase, parseDatabaseUrl } from '../connection/database-url.ts'
import { billedIn } from '../customer-summaries.ts'
import { checkDurability } from '../lease.ts'
import { checkVersion } from '../migrations/migrate.ts'
import { Names } from '../names.ts'
import { Loaded } from '../view/loaded.ts'
import { customersOfBoth, otherKeyOf } from './customers-of-both.ts'
import { ChangeWriter } from '../write/write-changes.ts'
import { receiveClaims } from '../write/write-claims.ts'
import { updateRecords } from '../write/write-records.ts'

/** The shared book of a database, as the receiver of books that were kept in files. */
interface BookReceiver extends AsyncDisposable {
  /** How the database is named for people. */
  readonly name: string
  /** Rejects with LedgerImported, LedgerNotImported where the book cannot be received. Changes nothing. */
  check(book: WholeBook): Promise<void>
  /**
   * Writes the whole book in one transaction. Rejects with LedgerNotImported or LedgerImbalanced when nothing
   * was changed, and with DatabaseOutcomeUnknown.
   */
  receive(book: WholeBook): Promise<void>
}

/** Opens the receiver. Rejects with InvalidSettings. */
export async function openBookReceiver(url: string): Promise<BookReceiver> {
  const target = parseDatabaseUrl(url)
  const name = nameOfDatabase(target)
  // Keys of a day are many rows.
  const database = await openDatabase({ target, connections: 1, statementTimeoutMs: 600_000 })
  const translated = async (work: Promise<void>) => {
    try {
      await work
    } catch (error) {
      throw explained(error, name)
    }
  }
  return {
    name,
    check: (book) => translated(database.snapshot((session) => check(session, book, name))),
    receive: (book) => translated(receive(database, book, name)),
    [Symbol.asyncDispose]: () => database.close(),
  }
}

async function check(session: Session, book: WholeBook, name: string): Promise<void> {
  await checkVersion(session)
  await checkDurability(session)
  const [known] = await session.query(
    'SELECT value FROM marketplace_sidecar.meta WHERE name = $1',
    [importName(book)],
  )
  if (known !== undefined) throw imported(name, String(known['value']))
  await checkBook(session, book, name)
}

async function checkBook(session: Session, book: WholeBook, name: string): Promise<void> {
  const [used] = await session.query(
    'SELECT identity FROM marketplace_sidecar.resource WHERE identity = ANY($1::text[]) LIMIT 1',
    [book.resources.map(({ identity }) => identity)],
  )
  if (used !== undefined)
    throw refused(
      `${String(used['identity'])} has already used the database ${name}, which would then have its hours twice. Import a ledger before a sidecar of the same task or pod uses the database`,
    )
  if (book.sums.some((sums) => imbalanceOf(sums) !== 0n))
    throw refused('the ledger is not balanced, see "ledger audit"')
  await checkKind(session, book, name)
  const other = await otherKeyOf(session, book)
  if (other !== undefined)
    throw refused(
      `the database ${name} has a customer of AWS under the key ${other}, whom the ledger has under another one. Delete the key from the database when it is settled (DELETE /v1/customers/{key}), or let a sidecar send what the file has, without the database, and do not import it`,
    )
  await checkHours(session, book, name)
}

/** A database has the customers of one region, or the usage of buyers: its sidecars send all that it has. */
async function checkKind(
  session: Session,
  { accounts, registrations }: WholeBook,
  name: string,
): Promise<void> {
  const ofBuyers = accounts.some(({ account }) => account.key.customer === '')
  const ofCustomers =
    registrations.length > 0 || accounts.some(({ account }) => account.key.customer !== '')
  const region = registrations[0]?.identity.region
  const { buyers, customers, region: knownRegion } = await billedIn(session)
  const hasCustomers = customers || knownRegion !== undefined
  if ((ofBuyers && hasCustomers) || (ofCustomers && buyers))
    throw refused(
      `the database ${name} has the usage of a product of another kind. Give each product its own database`,
    )
  if (region !== undefined && knownRegion !== undefined && region !== knownRegion)
    throw refused(
      `the customers of this ledger are billed in ${region}, and those of the database ${name} in ${knownRegion}. Give each region its own database`,
    )
}

/** Before the file is marked: what two sidecars have metered for one customer and hour is no one record. */
async function checkHours(session: Session, { records }: WholeBook, name: string): Promise<void> {
  const column = <T>(of: (each: MeteringRecord) => T) => records.map(of)
  const [twice] = await session.query(
    `SELECT dimension, hour FROM marketplace_sidecar.record JOIN marketplace_sidecar.slot ON slot.id = slot_id
     JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS n(c, o, p, d, h)
       ON (channel, holder, product_code, dimension, hour) = (c, o, p, d, h) LIMIT 1`,
    [
      column(({ slot }) => slot.channel),
      column(({ slot }) => slot.holder),
      column(({ slot }) => slot.productCode),
      column(({ slot }) => slot.dimension),
      column(({ hour }) => hour),
    ],
  )
  if (twice !== undefined)
    throw refused(
      `the database ${name} has a record of ${String(twice['dimension'])} for ${toIso(twice['hour'] as number)} of the same customer already, so its sidecars metered while that of the file did. Let a sidecar send what the file has, without the database, and do not import it`,
    )
}

/** One transaction: all of the book is in the database, or nothing. */
async function receive(database: Database, book: WholeBook, name: string): Promise<void> {
  await database.transaction(async (session) => {
    await checkVersion(session)
    await checkDurability(session)
    // Waits for an earlier attempt whose commit may be under way: from here on it is known what became of it.
    const as = `of ${book.owner}, with ${book.records.length === 1 ? 'one record' : `${book.records.length} records`}`
    const [own] = await session.query(
      'INSERT INTO marketplace_sidecar.meta VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1',
      [importName(book), as],
    )
    if (own === undefined) throw imported(name, as)
    await checkBook(session, book, name)
    const before = await accountSums(session)
    await write(session, book)
    checkSums(book.sums, before, await accountSums(session))
  })
}

async function write(session: Session, book: WholeBook): Promise<void> {
  const names = new Names()
  for (const { identity, firstSeenAt } of book.resources)
    await names.makeResource(session, identity, firstSeenAt)
  const id = names.resourceId(book.owner)
  if (id === undefined) throw new TypeError(`${book.owner} is not in the book`)
  const writer = new ChangeWriter(names, { resource: book.owner, id })
  const ids = await writer.write(session, await changesOf(session, names, book), new Loaded())
  const records = new Map(book.records.map((record, index) => [ids[index] ?? 0, record]))
  await updateRecords(session, { records, resealed: new Map() })
  const newIds = new Map(book.records.map((record, index) => [record.id, ids[index]]))
  const voided = book.voided.map((each) => ({
    ...each,
    recordId: each.recordId === undefined ? undefined : newIds.get(each.recordId),
  }))
  await writer.write(session, { ...nothing, voided }, new Loaded())
  await session.query(
    `UPDATE marketplace_sidecar.account SET pruned = pruned + m
     FROM unnest($1::int[], $2::numeric[]) AS n(a, m) WHERE id = a`,
    [
      book.pruned.map(({ account }) => names.accountId(account)),
      book.pruned.map(({ quantity }) => String(quantity)),
    ],
  )
  for (const claims of book.claims()) await receiveClaims(session, claims, id)
}

/** What the book adds. Fractions of an account that the database has are added up. */
async function changesOf(session: Session, names: Names, book: WholeBook): Promise<Changes> {
  const writer = new ChangeWriter(names, undefined)
  const ofCustomers = await customersOfBoth(session, book)
  await writer.write(session, { ...nothing, ...ofCustomers }, new Loaded())
  const accounts = book.accounts.map(({ account }) => account)
  await names.makeAccounts(session, accounts)
  const rows = await session.query(
    'SELECT id, fraction FROM marketplace_sidecar.account WHERE id = ANY($1::int[]) ORDER BY id FOR NO KEY UPDATE',
    [accounts.map((account) => names.accountId(account))],
  )
  const fractions = new Map(rows.map((row) => [row['id'] as number, row['fraction'] as bigint]))
  return {
    ...nothing,
    accounts: book.accounts.map(({ account, reported, fraction = 0n }) => ({
      account,
      reported,
      fraction: (fractions.get(names.accountId(account) ?? 0) ?? 0n) + fraction,
    })),
    added: book.open,
    held: book.held,
    newRecords: book.records.map((record) => ({
      slot: record.slot,
      resource: record.resource,
      content: record,
      sealedAt: record.sealedAt,
    })),
    readings: { dropped: [], hours: book.readingHours, rows: book.readings },
    cursors: { removed: [], put: book.cursors },
    lateUsage: book.lateUsage,
    notes: book.notes,
  }
}

const nothing: Changes = {
  registrations: [],
  licences: new Map(),
  accounts: [],
  emptied: [],
  added: [],
  released: [],
  held: [],
  voided: [],
  newRecords: [],
  records: new Map(),
  resealed: new Map(),
  senders: new Map(),
  claims: [],
  lateUsage: [],
  notes: [],
  forget: undefined,
  owner: undefined,
}

const places = ['reported', 'open', 'fraction', 'held', 'recorded', 'void'] as const

/** Throws unless the database has gained exactly what the book holds, place by place. */
function checkSums(
  book: readonly AccountSums[],
  before: readonly AccountSums[],
  after: readonly AccountSums[],
): void {
  for (const place of places) {
    const [brought, had, has] = [book, before, after].map((all) => sumsOf(all, place))
    for (const [name, quantity] of brought ?? [])
      if ((has?.get(name) ?? 0n) - (had?.get(name) ?? 0n) !== quantity)
        throw new SidecarError(
          'LedgerImbalanced',
          `Nothing was changed: ${place} of ${name} would not be ${quantity} micro-units more. This is a defect; keep the data directory and report it.`,
        )
  }
}

function sumsOf(all: readonly AccountSums[], place: (typeof places)[number]): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const each of all) {
    const { productCode, customer, dimension, divisor } = each
    const name = JSON.stringify([productCode, customer, dimension, String(divisor)])
    sums.set(name, (sums.get(name) ?? 0n) + each[place])
  }
  return sums
}

function importName({ id }: WholeBook): string {
  return `import:${id}`
}

function imported(name: string, as: string): SidecarError {
  return new SidecarError(
    'LedgerImported',
    `This ledger, or a copy of it, is in the database ${name} already, as that ${as}. Nothing was changed.`,
  )
}

function refused(why: string): SidecarError {
  return new SidecarError('LedgerNotImported', `Nothing was changed: ${why}.`)
}

function explained(error: unknown, name: string): unknown {
  if (error instanceof CommitUnknown)
    return new SidecarError(
      'DatabaseOutcomeUnknown',
      `The connection to the database ${name} broke during the import (${messageOf(error)}). Run the command again: it reports that the ledger is there, or imports it.`,
      { cause: error },
    )
  if (isUniqueViolation(error))
    return refused(
      `another import of it runs, or the database ${name} has a record of the same customer and hour (${messageOf(error)})`,
    )
  return translate(error, name)
}
