import {
  accountOf,
  isUnregistered,
  meaningName,
  type AccountKey,
} from '../../../src/metering/account.ts'
import { sumOf } from '../../../src/metering/cell.ts'
import { amountsOf, type ReadingAggregate } from '../../../src/metering/reading.ts'
import type { Registration } from '../../../src/metering/customer.ts'
import type { MeteringRecord, RecordSummary } from '../../../src/metering/record/record.ts'
import { recordStates } from '../../../src/metering/record/record-states.ts'
import type { OpenHour } from '../../../src/metering/report.ts'
import type { CustomerSummary, CustomerUsage } from '../../../src/store/customer-summary.ts'
import { referenceOf } from '../../../src/store/reference.ts'
import type { ReadingHour } from '../../../src/store/readings.ts'
import type { BookReader } from '../../../src/store/store.ts'
import {
  hoursOfGuard,
  imbalanceOf,
  retiredNote,
  summaryWindowMs,
  type AccountFraction,
  type AccountSums,
  type AuditFindings,
  type Billed,
  type BookOwner,
  type ExportFilter,
  type Found,
  type HeldUsageSummary,
  type LedgerGauges,
  type LedgerOverview,
  type OpenReadings,
  type OpenTagSet,
  type PendingPage,
  type PendingRecord,
  type SharedMeteringId,
  type UsageSummary,
  type WholeOverview,
} from '../../../src/store/summary.ts'
import type { SealableHours } from '../../../src/store/view.ts'
import { noteName, openName, type HeldRows, type ModelBook, type OpenRow } from './model-book.ts'
import { byHour, isUnsent, ModelView } from './model-view.ts'

/** Answers the questions about a model book by looking at every row. */
export class ModelReader implements BookReader {
  /** The rows as they are now. */
  readonly #now: () => ModelBook

  constructor(now: () => ModelBook) {
    this.#now = now
  }

  async usage(now: number): Promise<UsageSummary> {
    const since = now - summaryWindowMs
    const settled = this.#select((record) => !isUnsent(record) && record.hour >= since).toReversed()
    return { ...this.#usage(now), settled: settled.map(summaryOf) }
  }

  async overview(now: number): Promise<LedgerOverview> {
    const unresolved = this.#select(({ state }) => state === 'unresolved')
    return {
      ...(await this.usage(now)),
      owner: await this.owner(),
      openByTags: this.#openByTags(),
      unresolved: unresolved.map(summaryOf),
      voided: [...this.#now().voided.values()].toReversed().map(({ account, ...usage }) => ({
        ...usage,
        productCode: account.key.productCode,
        customer: account.key.customer,
        dimension: account.key.dimension,
      })),
    }
  }

  async wholeOverview(now: number): Promise<WholeOverview> {
    const overview = await this.overview(now)
    const whole = ({ id }: RecordSummary) => this.#now().records.get(id) ?? []
    return {
      ...overview,
      pending: overview.pending.flatMap(whole),
      settled: overview.settled.flatMap(whole),
      unresolved: overview.unresolved.flatMap(whole),
    }
  }

  async gauges(): Promise<LedgerGauges> {
    const states = new Map(recordStates.map((state) => [state, 0]))
    const pending = new Map<string, bigint>()
    const unsentHours = new Map<number, number>()
    const add = (dimension: string, quantity: bigint) =>
      pending.set(dimension, (pending.get(dimension) ?? 0n) + quantity)
    for (const { dimension, quantity } of this.#openHours()) add(dimension, quantity)
    for (const { account, fraction } of this.#now().accounts.values())
      if (fraction > 0n) add(account.key.dimension, fraction)
    for (const record of this.#select(() => true)) {
      states.set(record.state, (states.get(record.state) ?? 0) + 1)
      if (!isUnsent(record)) continue
      unsentHours.set(record.hour, (unsentHours.get(record.hour) ?? 0) + 1)
      for (const { account, quantity } of record.parts)
        add(account.dimension, quantity * account.divisor)
    }
    const held = new Map<string, bigint>()
    for (const { dimension, quantity } of this.#held()) {
      increase(held, dimension, quantity)
      add(dimension, quantity)
    }
    const waiting = this.#rows().filter(({ account }) => isUnregistered(account.key))
    const due = this.#rows().filter(({ account }) => !isUnregistered(account.key))
    const oldestUnregisteredHour = openHoursOf(waiting)[0]?.hour
    const openHours = [...openHoursOf(due), ...this.#openReadingHours()]
    const oldestOpenHour = openHours.toSorted((a, b) => a.hour - b.hour)[0]?.hour
    const oldestUnsentHour = this.#oldestUnsentHour()
    const guardedHours = hoursOfGuard(this.#held())
    return {
      states,
      pending,
      held,
      guardedHours,
      unsentHours,
      oldestUnsentHour,
      oldestOpenHour,
      oldestUnregisteredHour,
    }
  }

  async pendingRecords({ after, limit }: PendingPage = {}): Promise<PendingRecord[]> {
    const isAfter = ({ hour, id }: MeteringRecord) =>
      after === undefined || hour > after.hour || (hour === after.hour && id > after.id)
    const pending = this.#select((record) => isUnsent(record) && isAfter(record))
    return pending.slice(0, limit).map(({ id, hour, state, lastCode }) => ({
      id,
      slot: this.#now().slotOfRecord.get(id) ?? 0,
      hour,
      state,
      lastCode,
    }))
  }

  async hasSealable(due: SealableHours): Promise<boolean> {
    const isDue = ({ hour }: { readonly hour: number }) => hour < due.before
    return (
      new ModelView(this.#now()).sealableHours(due).length > 0 ||
      this.#openReadingHours().some(isDue)
    )
  }

  async hasAbandoned(): Promise<boolean> {
    return false
  }

  async customers(after: string, limit: number): Promise<CustomerSummary[]> {
    const view = new ModelView(this.#now())
    const keys = new Set([
      ...[...this.#now().registrations.values()]
        .filter(({ deletedAt }) => deletedAt === undefined)
        .map(({ customer }) => customer),
      ...this.#rows()
        .filter(({ account }) => isUnregistered(account.key))
        .map(({ account }) => account.key.customer),
    ])
    return [...keys]
      .filter((key) => key > after)
      .toSorted()
      .slice(0, limit)
      .map((customer) => ({ customer, registration: newestOf(view, customer) }))
  }

  async customer(customer: string, now: number): Promise<CustomerUsage | undefined> {
    const registration = newestOf(new ModelView(this.#now()), customer)
    const rows = this.#rows().filter(({ account }) => account.key.customer === customer)
    if (registration === undefined && rows.length === 0) return undefined
    const records = this.#select((record) => record.customer === customer)
    const isPending = (record: MeteringRecord) => isUnsent(record) || record.state === 'unresolved'
    const held = [...this.#now().held.values()].filter(
      ({ hour }) => hour.account.key.customer === customer,
    )
    return {
      customer,
      registration,
      open: openHoursOf(rows),
      fractions: [...this.#now().accounts.values()]
        .filter(({ account, fraction }) => account.key.customer === customer && fraction > 0n)
        .map(({ account, fraction }) => ({
          dimension: account.key.dimension,
          quantity: fraction,
        })),
      held: heldOf(held),
      pending: records.filter(isPending).map(summaryOf),
      settled: records
        .filter((record) => !isPending(record) && record.hour >= now - summaryWindowMs)
        .toReversed()
        .map(summaryOf),
    }
  }

  async audited(): Promise<AuditFindings> {
    const unbalanced = (await this.accountSums()).filter((sums) => imbalanceOf(sums) !== 0n)
    return { unbalanced, sharedMeteringIds: await this.sharedMeteringIds() }
  }

  async billed(): Promise<Billed> {
    const [first] = this.#now().registrations.values()
    const keys = [...this.#now().accounts.values()].map(({ account }) => account.key)
    return {
      buyers: keys.some(({ customer }) => customer === ''),
      customers: keys.some(({ customer }) => customer !== ''),
      region: first?.identity.region,
    }
  }

  async accountSums(): Promise<AccountSums[]> {
    const open = new Map<string, bigint>()
    for (const { account, quantity } of this.#rows()) increase(open, account.name, quantity)
    const recorded = new Map<string, bigint>()
    for (const { parts } of this.#select(({ state }) => state !== 'moved'))
      for (const { account, quantity } of parts)
        increase(recorded, nameOf(account), quantity * account.divisor)
    const held = new Map<string, bigint>()
    for (const { hour, cells } of this.#now().held.values())
      for (const quantity of cells.values()) increase(held, hour.account.name, quantity)
    const written = new Map<string, bigint>()
    for (const { account, quantity } of this.#now().voided.values())
      increase(written, account.name, quantity)
    return [...this.#now().accounts.values()]
      .map(({ account: { key, name }, reported, fraction, pruned }) => ({
        productCode: key.productCode,
        customer: key.customer,
        dimension: key.dimension,
        divisor: key.divisor,
        reported,
        open: open.get(name) ?? 0n,
        fraction,
        held: held.get(name) ?? 0n,
        recorded: (recorded.get(name) ?? 0n) + pruned,
        void: written.get(name) ?? 0n,
      }))
      .toSorted((a, b) => compare([a.customer, a.dimension], [b.customer, b.dimension]))
  }

  async sharedMeteringIds(): Promise<SharedMeteringId[]> {
    const bearers = new Map<string, number[]>()
    for (const { id, meteringRecordId } of this.#now().records.values())
      if (meteringRecordId !== undefined)
        bearers.set(meteringRecordId, [...(bearers.get(meteringRecordId) ?? []), id])
    return [...bearers]
      .filter(([, records]) => records.length > 1)
      .map(([meteringRecordId, records]) => ({ meteringRecordId, records }))
  }

  async record(id: number): Promise<MeteringRecord | undefined> {
    return this.#now().records.get(id)
  }

  async find(meteringRecordId: string, now: number): Promise<Found | undefined> {
    const wanted = meteringRecordId.toLowerCase()
    const record = this.#select(() => true).find(
      (each) => each.meteringRecordId?.toLowerCase() === wanted || referenceOf(each) === wanted,
    )
    if (record !== undefined) return { kind: 'record', record }
    const resource = this.#now().owner ?? ''
    const readings = this.#readings(now).map((each) => ({ ...each, customer: '' }))
    const cells = [...this.#openByTags(), ...readings].filter(
      ({ customer, dimension, hour }) =>
        referenceOf({ resource, customer, dimension, hour }) === wanted,
    )
    const [first] = cells
    if (first === undefined) return undefined
    const { customer, dimension, hour } = first
    const quantity = cells.reduce((sum, cell) => sum + cell.quantity, 0n)
    return { kind: 'open', open: { customer, dimension, hour, quantity } }
  }

  async *records({ since, until, dimension }: ExportFilter): AsyncIterable<MeteringRecord> {
    yield* this.#select(
      (record) =>
        record.hour >= (since ?? Number.NEGATIVE_INFINITY) &&
        record.hour < (until ?? Number.POSITIVE_INFINITY) &&
        (dimension === undefined || record.dimension === dimension),
    )
  }

  async note(resource: string, name: string): Promise<string | undefined> {
    return this.#now().notes.get(noteName(resource, name))
  }

  async notes(name: string): Promise<readonly string[]> {
    const { resources, notes } = this.#now()
    return [...resources.keys()].flatMap((resource) => notes.get(noteName(resource, name)) ?? [])
  }

  async owner(): Promise<BookOwner | undefined> {
    const { owner, resources } = this.#now()
    const firstSeenAt = resources.get(owner ?? '')
    if (owner === undefined || firstSeenAt === undefined) return undefined
    return { identity: owner, firstSeenAt }
  }

  #usage(now: number): Omit<UsageSummary, 'settled'> {
    const accepted = this.#select(({ state }) => state === 'accepted')
    const [success] = accepted.map(({ settledAt }) => settledAt ?? 0).toSorted((a, b) => b - a)
    const [failure] = this.#select(
      ({ lastCode }) => lastCode !== undefined && !lastCode.startsWith('Resolved'),
    ).toSorted((a, b) => (b.lastAttemptAt ?? 0) - (a.lastAttemptAt ?? 0))
    return {
      now,
      open: this.#openHours(),
      readings: this.#readings(now),
      fractions: this.#fractions(),
      held: this.#held(),
      pending: this.#select(isUnsent).map(summaryOf),
      pendingCount: this.#select(isUnsent).length,
      late: [...this.#now().late.values()]
        .filter(({ hour }) => hour >= now - summaryWindowMs)
        .toSorted((a, b) => compare([a.hour, a.dimension], [b.hour, b.dimension])),
      unresolvedCount: this.#select(({ state }) => state === 'unresolved').length,
      lastSuccessAt: success,
      lastFailure: failure && {
        at: failure.lastAttemptAt ?? 0,
        code: failure.lastCode ?? '',
        message: failure.lastMessage ?? '',
      },
      oldestUnsentHour: this.#oldestUnsentHour(),
    }
  }

  #fractions(): AccountFraction[] {
    const { accounts, notes, owner } = this.#now()
    const note = notes.get(noteName(owner ?? '', retiredNote))
    const retired: unknown[] = note === undefined ? [] : JSON.parse(note)
    const held = [...accounts.values()].filter(({ fraction }) => fraction > 0n)
    return [...Map.groupBy(held, ({ account }) => meaningName(account.key)).values()]
      .flatMap((same) =>
        same.slice(0, 1).map(({ account: { key } }) => ({
          dimension: key.dimension,
          productCode: key.productCode,
          divisor: key.divisor,
          quantity: same.reduce((sum, { fraction }) => sum + fraction, 0n),
          retired: retired.includes(meaningName(key)),
        })),
      )
      .toSorted((a, b) => compare([a.dimension], [b.dimension]))
  }

  #held(): HeldUsageSummary[] {
    return heldOf([...this.#now().held.values()])
  }

  #openReadingHours(): ReadingHour[] {
    return [...this.#now().readingHours.values()].filter(({ closed }) => !closed)
  }

  #readings(now: number): OpenReadings[] {
    return this.#openReadingHours()
      .map(({ count, ...open }) => {
        const { dimension } = open.account.key
        const aggregate = open.account.key.aggregate as ReadingAggregate
        const readings = [...this.#now().readings.values()]
          .filter((row) => openName(row) === openName(open))
          .map(({ reading }) => reading)
        const quantity = sumOf(amountsOf(aggregate, readings, open.hour, now))
        return { dimension, hour: open.hour, aggregate, count, quantity }
      })
      .toSorted((a, b) => compare([a.hour, a.dimension], [b.hour, b.dimension]))
  }

  #select(wanted: (record: MeteringRecord) => boolean): MeteringRecord[] {
    return byHour([...this.#now().records.values()].filter(wanted))
  }

  #rows(): OpenRow[] {
    return [...this.#now().open.values()].flatMap((cells) => [...cells.values()])
  }

  #oldestUnsentHour(): number | undefined {
    return this.#select(isUnsent)[0]?.hour
  }

  #openHours(): OpenHour[] {
    return openHoursOf(this.#rows())
  }

  #openByTags(): OpenTagSet[] {
    const sums = new Map<string, OpenTagSet>()
    for (const { account, hour, tags, quantity } of this.#rows()) {
      const { customer, dimension } = account.key
      const name = JSON.stringify([hour, dimension, customer, tags])
      const sum = (sums.get(name)?.quantity ?? 0n) + quantity
      sums.set(name, { customer, dimension, hour, tags, quantity: sum })
    }
    return [...sums.values()].toSorted((a, b) =>
      compare([a.hour, a.dimension, a.customer, a.tags], [b.hour, b.dimension, b.customer, b.tags]),
    )
  }
}

function openHoursOf(rows: readonly OpenRow[]): OpenHour[] {
  const sums = new Map<string, OpenHour>()
  for (const { account, hour, quantity } of rows) {
    const { dimension } = account.key
    const name = `${hour}|${dimension}`
    const sum = (sums.get(name)?.quantity ?? 0n) + quantity
    sums.set(name, { dimension, hour, quantity: sum })
  }
  return [...sums.values()].toSorted((a, b) =>
    compare([a.hour, a.dimension], [b.hour, b.dimension]),
  )
}

function heldOf(rows: readonly HeldRows[]): HeldUsageSummary[] {
  return byHour(
    rows.map(({ hour: held, cells }) => ({
      id: held.id,
      customer: held.account.key.customer,
      dimension: held.account.key.dimension,
      hour: held.hour,
      quantity: [...cells.values()].reduce((sum, quantity) => sum + quantity, 0n),
      reason: held.reason,
      since: held.since,
    })),
  )
}

function summaryOf(record: MeteringRecord): RecordSummary {
  const { allocations: _a, parts: _p, slot: _s, divisor: _d, ...summary } = record
  return summary
}

/** Names of accounts, which are asked for after every event of a simulation. */
const names = new WeakMap<AccountKey, string>()

function nameOf(key: AccountKey): string {
  const name = names.get(key) ?? accountOf(key).name
  names.set(key, name)
  return name
}

function increase(sums: Map<string, bigint>, name: string, quantity: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + quantity)
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? ''
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** The newest that was not deleted. */
function newestOf(view: ModelView, customer: string): Registration | undefined {
  return view
    .registrations(customer)
    .filter(({ deletedAt }) => deletedAt === undefined)
    .toSorted((a, b) => a.createdAt - b.createdAt)
    .at(-1)
}
