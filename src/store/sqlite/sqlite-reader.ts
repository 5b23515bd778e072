import type { DatabaseSync } from 'node:sqlite'
import type { MeteringRecord } from '../../metering/record/record.ts'
import type { CustomerSummary, CustomerUsage } from '../customer-summary.ts'
import { findOpen } from '../find-open.ts'
import { referenceOf } from '../reference.ts'
import type { SealableHours } from '../view.ts'
import type { BookReader } from '../store.ts'
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
  VoidedUsageSummary,
  WholeOverview,
} from '../summary.ts'
import { accountSums, unbalancedAccounts } from './account-sums.ts'
import { amountOf, onlyRow } from './amount-columns.ts'
import { customersOf, customerUsage } from './customer-summaries.ts'
import { Names } from './names.ts'
import { isNamed, sealableSql } from './registration-rows.ts'
import { summaryOf } from '../record-row.ts'
import { RecordRows, selectSummaries } from './record-rows.ts'
import { Summaries } from './summaries.ts'

/** How many records are read before the event loop runs again: one may have a megabyte of allocations. */
const recordsAtOnce = 50

/** Answers the questions about a book from its file. What is asked rarely is prepared when it is asked. */
export class SqliteReader implements BookReader {
  readonly #database: DatabaseSync
  readonly #records: RecordRows
  readonly #summaries: Summaries
  readonly #anySealable

  constructor(database: DatabaseSync, records = new RecordRows(database, new Names(database))) {
    this.#database = database
    this.#records = records
    this.#summaries = new Summaries(database)
    this.#anySealable = database.prepare(`SELECT 1 ${sealableSql} LIMIT 1`)
  }

  usage(now: number): Promise<UsageSummary> {
    return answer(() => this.#summaries.usage(now))
  }

  overview(now: number): Promise<LedgerOverview> {
    return answer(() => this.#overview(now))
  }

  /** Its size follows the allocations, which are by far the most of a book with tags. */
  wholeOverview(now: number): Promise<WholeOverview> {
    return answer(() => {
      const overview = this.#overview(now)
      const whole = ({ id }: { readonly id: number }) => this.#records.byId(id) ?? []
      return {
        ...overview,
        pending: overview.pending.flatMap(whole),
        settled: overview.settled.flatMap(whole),
        unresolved: overview.unresolved.flatMap(whole),
      }
    })
  }

  gauges(): Promise<LedgerGauges> {
    return answer(() => this.#summaries.gauges())
  }

  pendingRecords(page?: PendingPage): Promise<readonly PendingRecord[]> {
    return answer(() => this.#summaries.pendingRecords(page))
  }

  /** The next process on the file takes all of it over when it opens it. */
  hasAbandoned(): Promise<boolean> {
    return Promise.resolve(false)
  }

  hasSealable({ before, endedBefore }: SealableHours): Promise<boolean> {
    return answer(
      () =>
        this.#anySealable.get(before, endedBefore) !== undefined ||
        this.#summaries.hasOpenReadings(before),
    )
  }

  customers(after: string, limit: number): Promise<readonly CustomerSummary[]> {
    return answer(() => customersOf(this.#database, after, limit))
  }

  customer(key: string, now: number): Promise<CustomerUsage | undefined> {
    return answer(() => customerUsage(this.#database, key, now))
  }

  accountSums(): Promise<readonly AccountSums[]> {
    return answer(() => accountSums(this.#database))
  }

  async audited(): Promise<AuditFindings> {
    const unbalanced = await unbalancedAccounts(this.#database)
    return { unbalanced, sharedMeteringIds: await this.sharedMeteringIds() }
  }

  billed(): Promise<Billed> {
    return answer(() => {
      const row = this.#database
        .prepare(
          `SELECT (SELECT region FROM registration WHERE ${isNamed} LIMIT 1) AS region,
                  EXISTS (SELECT 1 FROM account WHERE registration_id = 0) AS buyers,
                  EXISTS (SELECT 1 FROM account WHERE registration_id <> 0) AS customers`,
        )
        .get()
      const { region, buyers, customers } = onlyRow(row)
      return {
        buyers: buyers === 1,
        customers: customers === 1,
        region: region === null ? undefined : String(region),
      }
    })
  }

  sharedMeteringIds(): Promise<readonly SharedMeteringId[]> {
    return answer(() =>
      this.#database
        .prepare(
          `SELECT metering_record_id AS shared, json_group_array(id) AS records
           FROM shared_metering_id JOIN record USING (metering_record_id)
           GROUP BY metering_record_id HAVING count(*) > 1`,
        )
        .all()
        .map((row) => ({
          meteringRecordId: String(row['shared']),
          records: JSON.parse(String(row['records'])) as number[],
        })),
    )
  }

  record(id: number): Promise<MeteringRecord | undefined> {
    return answer(() => this.#records.byId(id))
  }

  find(meteringRecordId: string, now: number): Promise<Found | undefined> {
    return answer(() => {
      const wanted = meteringRecordId.toLowerCase()
      return this.#findRecord(wanted) ?? findOpen(wanted, this.#overview(now))
    })
  }

  async *records({ since, until, dimension }: ExportFilter): AsyncIterable<MeteringRecord> {
    const page = this.#database.prepare(
      `SELECT record.hour, record.id FROM record JOIN slot ON slot.id = slot_id
       WHERE (record.hour, record.id) > (?1, ?2) AND record.hour < ?3
         AND (?4 IS NULL OR slot.dimension = ?4)
       ORDER BY record.hour, record.id LIMIT ${recordsAtOnce}`,
    )
    const before = until ?? Number.MAX_SAFE_INTEGER
    // The first id is 1.
    let after = { hour: since ?? Number.MIN_SAFE_INTEGER, id: 0 }
    for (;;) {
      const places = page
        .all(after.hour, after.id, before, dimension ?? null)
        .map(({ hour, id }) => ({ hour: Number(hour), id: Number(id) }))
      for (const { id } of places) {
        const record = this.#records.byId(id)
        // It can be forgotten while the reader takes its time.
        if (record !== undefined) yield record
      }
      const last = places.at(-1)
      if (last === undefined || places.length < recordsAtOnce) return
      after = last
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  note(resource: string, name: string): Promise<string | undefined> {
    return answer(() => {
      const row = this.#database
        .prepare(
          `SELECT value FROM note JOIN resource ON resource.id = resource_id
           WHERE identity = ? AND name = ?`,
        )
        .get(resource, name)
      return row && String(row['value'])
    })
  }

  notes(name: string): Promise<readonly string[]> {
    return answer(() =>
      this.#database
        .prepare('SELECT value FROM note WHERE name = ? ORDER BY resource_id')
        .all(name)
        .map((row) => String(row['value'])),
    )
  }

  owner(): Promise<BookOwner | undefined> {
    return answer(() => this.#owner())
  }

  #overview(now: number): LedgerOverview {
    return {
      ...this.#summaries.usage(now, -1),
      owner: this.#owner(),
      openByTags: this.#openByTags(),
      unresolved: this.#database
        .prepare(
          `${selectSummaries} WHERE record.state = 'unresolved' ORDER BY record.hour, record.id`,
        )
        .all()
        .map(summaryOf),
      voided: this.#voided(),
    }
  }

  #owner(): BookOwner | undefined {
    const row = this.#database
      .prepare(
        `SELECT identity, first_seen FROM resource
         WHERE identity = (SELECT value FROM meta WHERE name = 'owner')`,
      )
      .get()
    return row && { identity: String(row['identity']), firstSeenAt: Number(row['first_seen']) }
  }

  #openByTags(): OpenTagSet[] {
    const statement = this.#database.prepare(
      `SELECT customer, dimension, hour, tags, SUM(whole) AS whole, SUM(micro) AS micro
       FROM open JOIN account ON account.id = account_id
       JOIN registration ON registration.id = registration_id
       GROUP BY hour, dimension, customer, tags ORDER BY hour, dimension, customer, tags`,
    )
    statement.setReadBigInts(true)
    return statement.all().map((row) => ({
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
      tags: String(row['tags']),
      quantity: amountOf(row),
    }))
  }

  #voided(): VoidedUsageSummary[] {
    const statement = this.#database.prepare(
      `SELECT record_id, product_code, customer, dimension, hour, tags, whole, micro, reason, at
       FROM void JOIN account ON account.id = account_id
       JOIN registration ON registration.id = registration_id ORDER BY void.id DESC`,
    )
    statement.setReadBigInts(true)
    return statement.all().map((row) => ({
      recordId: row['record_id'] === null ? undefined : Number(row['record_id']),
      productCode: String(row['product_code']),
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
      tags: String(row['tags']),
      quantity: amountOf(row),
      reason: String(row['reason']),
      at: Number(row['at']),
    }))
  }

  #findRecord(wanted: string): Found | undefined {
    const rows = this.#database
      .prepare(
        `SELECT record.id, dimension, hour, identity AS resource, metering_record_id,
                coalesce((SELECT customer FROM record_part JOIN account ON account.id = account_id
                          JOIN registration ON registration.id = registration_id
                          WHERE record_id = record.id), '') AS customer
         FROM record JOIN slot ON slot.id = slot_id JOIN resource ON resource.id = resource_id`,
      )
      .iterate()
    for (const row of rows) {
      const name = {
        resource: String(row['resource']),
        customer: String(row['customer']),
        dimension: String(row['dimension']),
        hour: Number(row['hour']),
      }
      if (
        String(row['metering_record_id']).toLowerCase() !== wanted &&
        referenceOf(name) !== wanted
      )
        continue
      const record = this.#records.byId(Number(row['id']))
      return record && { kind: 'record', record }
    }
    return undefined
  }
}

/** A look-up in the file is synchronous; the port is not, for stores that are further away. */
function answer<T>(question: () => T): Promise<T> {
  return new Promise((resolve) => resolve(question()))
}
