import { recordStateOf } from '../../metering/record/record-states.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { findOpen } from '../find-open.ts'
import type { CustomerSummary, CustomerUsage } from '../customer-summary.ts'
import type { BookReader } from '../store.ts'
import type { SealableHours } from '../view.ts'
import type {
  AccountSums,
  AuditFindings,
  Billed,
  BookOwner,
  ExportFilter,
  Found,
  LedgerGauges,
  LedgerOverview,
  OpenTagSet,
  PendingPage,
  PendingRecord,
  SharedMeteringId,
  UsageSummary,
  WholeOverview,
} from '../summary.ts'
import { accountSums, unbalancedAccounts } from './audit/account-sums.ts'
import type { Database, Session } from './connection/database.ts'
import { translate } from './connection/database-errors.ts'
import { findRecordId } from './find-record.ts'
import { Names } from './names.ts'
import { billedIn, customersOf, customerUsage } from './customer-summaries.ts'
import { summaryOf } from '../record-row.ts'
import { selectRecords, selectSummaries, unsentSql, wholeRecords } from './record-rows.ts'
import { hasSealable, leftSql } from './shared-usage.ts'
import { Summaries, voidedUsage } from './summaries.ts'
import type { Scope } from './scope.ts'
import { ownerOf } from './view/loader.ts'

interface PostgresReaderOptions {
  readonly database: Database
  /** How the database is named for people. */
  readonly name: string
  /** The task or pod that the answers are about; undefined for the whole book. */
  readonly scope: Scope | undefined
}

/** How many records `records` loads at a time. */
const pageSize = 500

/** How long a question may take that adds up the whole book, of which no start and no sealing may fail. */
export const auditMs = 600_000

/** Answers the questions about a book in PostgreSQL. */
export class PostgresReader implements BookReader {
  readonly #options: PostgresReaderOptions
  readonly #names = new Names()

  constructor(options: PostgresReaderOptions) {
    this.#options = options
  }

  usage(now: number): Promise<UsageSummary> {
    return this.#answer(async (session) => (await this.#summaries(session)).usage(now))
  }

  overview(now: number): Promise<LedgerOverview> {
    return this.#answer((session) => this.#overview(session, now))
  }

  wholeOverview(now: number): Promise<WholeOverview> {
    return this.#answer(async (session) => {
      const overview = await this.#overview(session, now)
      const whole = async (summaries: readonly { readonly id: number }[]) => {
        const ids = summaries.map(({ id }) => id)
        const records = await this.#wholeById(session, ids)
        return ids.flatMap((id) => records.get(id) ?? [])
      }
      return {
        ...overview,
        pending: await whole(overview.pending),
        settled: await whole(overview.settled),
        unresolved: await whole(overview.unresolved),
      }
    })
  }

  gauges(): Promise<LedgerGauges> {
    return this.#answer(async (session) => (await this.#summaries(session)).gauges())
  }

  async pendingRecords({ after, limit }: PendingPage = {}): Promise<readonly PendingRecord[]> {
    const rows = await this.#ask(
      `SELECT id, slot_id, hour, state, last_code FROM marketplace_sidecar.record
       WHERE state IN ${unsentSql} AND ($1::int IS NULL OR resource_id = $1) AND (hour, id) > ($2, $3)
       ORDER BY hour, id LIMIT $4`,
      [this.#options.scope?.id, after?.hour ?? Number.MIN_SAFE_INTEGER, after?.id ?? 0, limit],
    )
    return rows.map((row) => ({
      id: row['id'] as number,
      slot: row['slot_id'] as number,
      hour: row['hour'] as number,
      state: recordStateOf(String(row['state'])),
      lastCode: (row['last_code'] as string | null) ?? undefined,
    }))
  }

  hasSealable(due: SealableHours): Promise<boolean> {
    return this.#translated(hasSealable(this.#options.database, this.#options.scope, due))
  }

  customers(after: string, limit: number): Promise<readonly CustomerSummary[]> {
    return this.#answer((session) => customersOf(session, after, limit))
  }

  customer(key: string, now: number): Promise<CustomerUsage | undefined> {
    return this.#answer((session) => customerUsage(session, key, now))
  }

  async hasAbandoned(): Promise<boolean> {
    const { scope } = this.#options
    if (scope === undefined) return false
    const rows = await this.#ask(
      `SELECT 1 FROM marketplace_sidecar.lease
       WHERE resource_id <> $1 AND (incarnation IS NULL OR until < clock_timestamp()) AND (${leftSql}) LIMIT 1`,
      [scope.id],
    )
    return rows.length > 0
  }

  accountSums(): Promise<readonly AccountSums[]> {
    return this.#answer(accountSums, auditMs)
  }

  async audited(): Promise<AuditFindings> {
    const unbalanced = await this.#answer(unbalancedAccounts, auditMs)
    return { unbalanced, sharedMeteringIds: await this.sharedMeteringIds() }
  }

  billed(): Promise<Billed> {
    return this.#answer(billedIn)
  }

  async sharedMeteringIds(): Promise<readonly SharedMeteringId[]> {
    const sql = `SELECT min(metering_record_id) AS shared, json_agg(id ORDER BY id) AS records
       FROM marketplace_sidecar.record WHERE lower(metering_record_id) IN (
         SELECT lower(metering_record_id) FROM marketplace_sidecar.record
         WHERE metering_record_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1)
       GROUP BY lower(metering_record_id)`
    const rows = await this.#answer((session) => session.query(sql), auditMs)
    return rows.map((row) => ({
      meteringRecordId: String(row['shared']),
      records: JSON.parse(String(row['records'])) as number[],
    }))
  }

  record(id: number): Promise<MeteringRecord | undefined> {
    return this.#answer(async (session) => (await this.#wholeById(session, [id])).get(id))
  }

  find(meteringRecordId: string, now: number): Promise<Found | undefined> {
    const wanted = meteringRecordId.toLowerCase()
    return this.#answer(async (session) => {
      const id = await findRecordId(session, wanted)
      if (id === undefined) return findOpen(wanted, await this.#overview(session, now))
      const record = (await this.#wholeById(session, [id])).get(id)
      return record && { kind: 'record', record }
    })
  }

  async *records({ since, until, dimension }: ExportFilter): AsyncIterable<MeteringRecord> {
    let [hour, id] = [since ?? Number.MIN_SAFE_INTEGER, 0]
    for (;;) {
      const after = [hour, id, until ?? Number.MAX_SAFE_INTEGER, dimension]
      const page = await this.#answer(async (session) => {
        const rows = await session.query(
          `${selectRecords} WHERE (record.hour, record.id) > ($1, $2) AND record.hour < $3
             AND ($4::text IS NULL OR slot.dimension = $4)
           ORDER BY record.hour, record.id LIMIT ${pageSize}`,
          after,
        )
        return wholeRecords(session, this.#names, rows)
      })
      yield* page
      const last = page.at(-1)
      if (last === undefined) return
      ;({ hour, id } = last)
    }
  }

  async note(resource: string, name: string): Promise<string | undefined> {
    const [row] = await this.#ask(
      `SELECT value FROM marketplace_sidecar.note
       JOIN marketplace_sidecar.resource ON id = resource_id WHERE identity = $1 AND name = $2`,
      [resource, name],
    )
    return row && String(row['value'])
  }

  async notes(name: string): Promise<readonly string[]> {
    const rows = await this.#ask(
      'SELECT value FROM marketplace_sidecar.note WHERE name = $1 ORDER BY resource_id',
      [name],
    )
    return rows.map((row) => String(row['value']))
  }

  owner(): Promise<BookOwner | undefined> {
    return this.#answer((session) => this.#owner(session))
  }

  /** Size of the book. What is left of the server's volume is the server's affair. */
  async ledgerBytes(): Promise<number> {
    const [row] = await this.#ask(
      `SELECT coalesce(SUM(pg_total_relation_size(pg_class.oid)), 0)::bigint AS bytes FROM pg_class
       JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = 'marketplace_sidecar' AND relkind = 'r'`,
    )
    return row?.['bytes'] as number
  }

  async #overview(session: Session, now: number): Promise<LedgerOverview> {
    const unresolved = await session.query(
      `${selectSummaries} WHERE record.state = 'unresolved' ORDER BY record.hour, record.id`,
    )
    return {
      ...(await (await this.#summaries(session)).usage(now, null)),
      owner: await this.#owner(session),
      openByTags: await this.#openByTags(session),
      unresolved: unresolved.map(summaryOf),
      voided: await voidedUsage(session),
    }
  }

  async #owner(session: Session): Promise<BookOwner | undefined> {
    const [row] = await session.query(
      'SELECT identity, first_seen FROM marketplace_sidecar.resource WHERE identity = $1',
      [this.#options.scope?.resource ?? (await ownerOf(session))],
    )
    return row && { identity: String(row['identity']), firstSeenAt: row['first_seen'] as number }
  }

  async #openByTags(session: Session): Promise<OpenTagSet[]> {
    const rows = await session.query(
      `SELECT customer, dimension, hour, tags, SUM(micro) AS micro FROM marketplace_sidecar.open
       JOIN marketplace_sidecar.account ON account.id = account_id
       JOIN marketplace_sidecar.registration ON registration.id = registration_id
       WHERE $1::int IS NULL OR resource_id = $1 GROUP BY hour, dimension, customer, tags
       ORDER BY hour, dimension COLLATE "C", customer COLLATE "C", tags`,
      [this.#options.scope?.id],
    )
    return rows.map((row) => ({
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      hour: row['hour'] as number,
      tags: String(row['tags']),
      quantity: row['micro'] as bigint,
    }))
  }

  async #wholeById(
    session: Session,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, MeteringRecord>> {
    const rows = await session.query(`${selectRecords} WHERE record.id = ANY($1::bigint[])`, [ids])
    const records = await wholeRecords(session, this.#names, rows)
    return new Map(records.map((record) => [record.id, record]))
  }

  async #summaries(session: Session): Promise<Summaries> {
    const { scope } = this.#options
    if (scope === undefined) return new Summaries(session, null, await ownerOf(session))
    // What no sidecar acts for any more is shown by one of those that live.
    const rows = await session.query(
      `SELECT resource_id FROM marketplace_sidecar.lease
       WHERE resource_id = $1 OR ((incarnation IS NULL OR until < clock_timestamp()) AND $1 = (
         SELECT min(resource_id) FROM marketplace_sidecar.lease
         WHERE incarnation IS NOT NULL AND until >= clock_timestamp()))`,
      [scope.id],
    )
    const inView = rows.map((row) => row['resource_id'] as number)
    return new Summaries(session, inView, scope.resource)
  }

  #answer<T>(question: (session: Session) => Promise<T>, longestMs?: number): Promise<T> {
    return this.#translated(this.#options.database.snapshot(question, longestMs))
  }

  #ask(sql: string, values?: readonly unknown[]) {
    return this.#translated(this.#options.database.query(sql, values))
  }

  async #translated<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw translate(error, this.#options.name)
    }
  }
}
