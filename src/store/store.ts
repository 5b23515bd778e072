import type { MeteringRecord } from '../metering/record/record.ts'
import type { Changes } from './changes.ts'
import type { CustomerSummary, CustomerUsage } from './customer-summary.ts'
import type {
  AccountSums,
  AuditFindings,
  Billed,
  BookOwner,
  DiskSpace,
  ExportFilter,
  Found,
  LedgerGauges,
  LedgerOverview,
  PendingPage,
  PendingRecord,
  SharedMeteringId,
  UsageSummary,
  WholeOverview,
} from './summary.ts'
import type { BookView, SealableHours } from './view.ts'

/** Questions about the book. Each answers from one moment, and none changes anything; `now` is that moment, ms. */
export interface BookReader {
  /** Where usage is, with as many records as a page can show. */
  usage(now: number): Promise<UsageSummary>
  /** The same with everything that waits for AWS or a person, however old. */
  overview(now: number): Promise<LedgerOverview>
  /** The same with the allocations of every record. */
  wholeOverview(now: number): Promise<WholeOverview>
  /** What dashboards watch: sums and counts alone. */
  gauges(): Promise<LedgerGauges>
  /** Records that wait for AWS, oldest hour first; there may be tens of thousands. */
  pendingRecords(page?: PendingPage): Promise<readonly PendingRecord[]>
  /** Whether a task or pod is gone that shared the book, and left usage that another can take over. */
  hasAbandoned(): Promise<boolean>
  /** Whether there is usage that may be sealed, or readings of an hour that starts before `due.before`. */
  hasSealable(due: SealableHours): Promise<boolean>
  /** The customers whose keys come after `after`, in the order of their keys. */
  customers(after: string, limit: number): Promise<readonly CustomerSummary[]>
  /** Undefined for a key that has neither usage nor a registration. */
  customer(key: string, now: number): Promise<CustomerUsage | undefined>
  /** What the book has of each account. */
  accountSums(): Promise<readonly AccountSums[]>
  /**
   * What is wrong with the book, found without all accounts in memory and without a stall. Of a large book that many
   * share, it may have been found a while ago, and by another of them.
   */
  audited(): Promise<AuditFindings>
  /** Whom the usage of the book is billed to. */
  billed(): Promise<Billed>
  /** AWS's ids that more than one record bears, which is a defect. */
  sharedMeteringIds(): Promise<readonly SharedMeteringId[]>
  /** Undefined for an id that no record has, or whose record is forgotten. */
  record(id: number): Promise<MeteringRecord | undefined>
  /**
   * What a MeteringRecordId stands for: AWS's own of an accepted record, or the one that was given to
   * the application before its hour was over.
   */
  find(meteringRecordId: string, now: number): Promise<Found | undefined>
  /** Every record that passes the filter, of any state, oldest hour first; one at a time. */
  records(filter: ExportFilter): AsyncIterable<MeteringRecord>
  /** What a task or pod last remembered under this name. */
  note(resource: string, name: string): Promise<string | undefined>
  /** What each task or pod last remembered under this name, in the order in which they came. */
  notes(name: string): Promise<readonly string[]>
  /** Undefined while no task or pod has opened the book. */
  owner(): Promise<BookOwner | undefined>
}

/**
 * Where the book is kept. The rules are not here: a store shows what a group of commands asks for, the
 * rules decide, the store writes, in one transaction and one durable flush for the group.
 */
export interface Store extends BookReader {
  /** How long a group may wait for more, ms: a commit that takes long is worth it. */
  readonly gatherMs: number
  /**
   * Runs the rules in a transaction, writes what they decide, and commits. Resolves with the ids of the
   * new records in their order. When it rejects, nothing has happened.
   */
  transact(decide: (view: BookView) => Changes): Promise<readonly number[]>
  /** Resolves when everything committed so far is durable. When it rejects, what is durable is unknown. */
  flush(): Promise<void>
  /** Work between two groups, after the answers to the first. Rejects as `flush` does. */
  maintain(): Promise<void>
  /** Size of the book, and what is left of its volume. */
  space(): Promise<DiskSpace>
  /** Ends the store so that the next start needs no recovery. */
  close(): Promise<void>
}
