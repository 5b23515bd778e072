import { accountOf, type Account } from '../../metering/account.ts'
import { sumOf, type OpenCell } from '../../metering/cell.ts'
import { hourMs } from '../../metering/hour.ts'
import { usageOfPart, type MeteringRecord } from '../../metering/record/record.ts'
import type { PlannedRecord } from '../../metering/record/seal-plan.ts'
import { untagged, type TagSet } from '../../metering/tags.ts'
import type {
  AccountChange,
  Changes,
  NewClaim,
  RecordProgress,
  VoidedUsage,
} from '../../store/changes.ts'
import type { Retention } from '../../store/retention.ts'
import type {
  BookView,
  HeldHour,
  HeldKey,
  OpenAccountHour,
  SealableHours,
  StoredClaim,
} from '../../store/view.ts'
import { newAccountPage, type AccountPage } from './account-page.ts'
import { Cursors } from './cursors.ts'
import type { NamedSlot } from './account-slots.ts'
import { CustomerPage } from '../customers/customer-page.ts'
import { HeldUsage } from './held-usage.ts'
import { imbalanced } from './imbalanced.ts'
import { Notes } from './notes.ts'
import { unguardedName } from './page-names.ts'
import { OpenUsage } from './open-usage.ts'
import type { PageOptions } from './page-options.ts'
import { PageRecords, type InsertedRecord } from './page-records.ts'
import { Readings } from '../readings/readings.ts'

/**
 * The book while one group of commands changes it: the store's rows under what the group has done so
 * far. The rules work on it and nothing else, so they are pure. Every amount that moves is counted on
 * both sides, and a group that would lose or make usage is refused. Amounts are millionths of what the
 * application counts in, hours and instants are ms.
 */
export class Page {
  readonly #view: BookView
  readonly #options: PageOptions
  readonly #accounts = new Map<string, AccountPage>()
  readonly #open: OpenUsage
  readonly #held: HeldUsage
  readonly #records: PageRecords
  readonly readings: Readings
  /** How far counters were read, moved together with the usage that they gave. */
  readonly cursors: Cursors
  readonly customers: CustomerPage
  readonly #voided: VoidedUsage[] = []
  readonly #claims = new Map<string, NewClaim>()
  readonly #late = new Map<string, { dimension: string; hour: number; quantity: bigint }>()
  readonly #notes: Notes
  /** By dimension: usage that went to the untagged bucket, because an hour has too many tag sets. */
  readonly overflowed = new Map<string, number>()
  #owner: Changes['owner']
  #forget: Retention | undefined

  constructor(view: BookView, options: PageOptions) {
    this.#view = view
    this.#options = options
    this.#open = new OpenUsage(view, this.resource, options.tagSets)
    this.#held = new HeldUsage(view)
    this.#notes = new Notes(view)
    this.#records = new PageRecords(view)
    this.readings = new Readings(view.readings)
    this.cursors = new Cursors(view)
    const places = { open: this.#open, held: this.#held, records: this.#records }
    this.customers = new CustomerPage(view, places, () => this.#forgetUnsealed())
  }

  /** The task or pod that owns the book. */
  get resource(): string {
    return this.#options.slots.resource
  }

  get view(): BookView {
    return this.#view
  }

  /** The slot that an account's usage goes to. */
  slotOf(account: Account): NamedSlot {
    return this.#options.slots.of(account)
  }

  /** Whether the slot has a record of this hour, so that no more usage of it can be sealed. */
  hasRecord(slot: NamedSlot, hour: number): boolean {
    return this.#records.has(slot, hour)
  }

  /** Whether AWS bills the hour by a record of the account's slot, or of the same customer under another form. */
  isBilled(account: Account, hour: number): boolean {
    const hasRecord = (each: Account) => this.hasRecord(this.slotOf(each), hour)
    return hasRecord(account) || this.customers.billsElsewhere(account, hour, hasRecord)
  }

  /** The first hour, from `hour` on, for which AWS has no record of the account's slot. */
  firstUnsealedHour(account: Account, hour: number): number {
    const page = this.#page(account)
    const known = page.unsealed.get(hour)
    if (known !== undefined) return known
    let candidate = hour
    while (this.#isClosed(page, candidate)) candidate += hourMs
    page.unsealed.set(hour, candidate)
    return candidate
  }

  /** Whether what was reported for an account, with what this group has counted, may grow by `quantity`. */
  hasRoomFor(account: Account, quantity: bigint): boolean {
    return this.#options.headRoom.admits(
      account,
      quantity,
      () => this.#view.reported(account) + this.#page(account).reported,
    )
  }

  /** Counts usage that came in. The caller adds it to an hour. */
  count(account: Account, quantity: bigint): void {
    const page = this.#page(account)
    page.reported += quantity
    page.homeless += quantity
  }

  /** Adds to an hour that is not sealed. */
  add(account: Account, hour: number, tags: TagSet, quantity: bigint): void {
    if (this.#open.add(account, hour, tags, quantity)) {
      this.#page(account).homeless -= quantity
      return
    }
    const { dimension } = account.key
    this.overflowed.set(dimension, (this.overflowed.get(dimension) ?? 0) + 1)
    this.add(account, hour, untagged, quantity)
  }

  /** Adds usage that the guard of that hour does not count: an earlier hour did, or an operator released it. */
  addUnguarded(account: Account, hour: number, tags: TagSet, quantity: bigint): void {
    this.add(account, hour, tags, quantity)
    const open = { account, hour, resource: this.resource }
    this.#setUnguarded(open, this.unguarded(open) + quantity)
  }

  /** Adds what was taken out of an hour of which the guard did not count `unguarded`; here it does not either. */
  addAgain(account: Account, hour: number, cells: readonly OpenCell[], unguarded: bigint): void {
    let left = unguarded
    for (const { tags, quantity } of cells) {
      const free = quantity < left ? quantity : left
      left -= free
      if (free > 0n) this.addUnguarded(account, hour, tags, free)
      if (quantity > free) this.add(account, hour, tags, quantity - free)
    }
  }

  /** How much of an open hour its guard does not count. */
  unguarded({ account, hour, resource }: OpenAccountHour): bigint {
    return BigInt(this.#notes.get(resource, unguardedName(account, hour)) ?? 0)
  }

  /** Hours with open usage that start before `before`, and after `after`, by account and hour. */
  openHours(before: number, after?: number): OpenAccountHour[] {
    return this.#open.hours(before, after)
  }

  /** Hours that may be sealed, by account and hour. */
  sealableHours(due: SealableHours): OpenAccountHour[] {
    return this.#open.sealableHours(due)
  }

  /** All that an hour holds, in the order of the tag sets. */
  cells(open: OpenAccountHour): OpenCell[] {
    return this.#open.cells(open)
  }

  /** About how many tag sets an hour holds, without reading them. */
  countTagSets(open: OpenAccountHour): number {
    return this.#open.countTagSets(open)
  }

  /** Takes an hour's usage out of it. The caller puts it somewhere else. */
  empty(open: OpenAccountHour): OpenCell[] {
    if (this.unguarded(open) > 0n) this.#setUnguarded(open, 0n)
    const cells = this.#open.empty(open)
    this.#page(open.account).homeless += sumOf(cells)
    return cells
  }

  /** Moves an hour's usage to another hour of its account, with how much of it no guard counts. */
  move(open: OpenAccountHour, hour: number): void {
    const unguarded = this.unguarded(open)
    this.addAgain(open.account, hour, this.empty(open), unguarded)
  }

  /** Holds usage that was taken from its place. Its hour is closed to new usage. */
  hold(key: HeldKey, cells: readonly OpenCell[], now: number): void {
    const page = this.#page(key.account)
    for (const { tags, quantity } of cells) this.#held.add(key, now, tags, quantity)
    page.homeless -= sumOf(cells)
    page.unsealed.clear()
  }

  /** What is held, oldest hour first. */
  heldHours(): HeldHour[] {
    return this.#held.hours()
  }

  /** What a held hour holds, by tag set. */
  heldCells(held: HeldHour): readonly OpenCell[] {
    return this.#held.cells(held)
  }

  /** Takes what is held out of its place. The caller puts it somewhere else. */
  release(held: HeldHour): readonly OpenCell[] {
    const cells = this.#held.release(held)
    const page = this.#page(held.account)
    page.homeless += sumOf(cells)
    page.unsealed.clear()
    return cells
  }

  /** Writes off usage that was taken from its place. */
  writeOff(voided: VoidedUsage): void {
    this.#page(voided.account).homeless -= voided.quantity
    this.#voided.push(voided)
  }

  /** Makes usage that was taken from its place that of another account. Both sides are counted. */
  transfer(from: Account, to: Account, quantity: bigint): void {
    this.#options.headRoom.forget(to)
    for (const [account, change] of [
      [from, -quantity],
      [to, quantity],
    ] as const) {
      const page = this.#page(account)
      page.reported += change
      page.homeless += change
    }
  }

  /** What of an account is below the units that AWS accepts. */
  fraction(account: Account): bigint {
    return this.#page(account).fraction ?? this.#view.fraction(account)
  }

  /** Replaces the fraction. What it gains was taken from its place, and the caller puts what it loses somewhere else. */
  setFraction(account: Account, fraction: bigint): void {
    const before = this.fraction(account)
    if (before === fraction) return
    const page = this.#page(account)
    page.homeless += before - fraction
    page.fraction = fraction
  }

  /** Puts a record into the book, whose parts hold usage that was taken from their accounts. */
  insert({ slot, name }: NamedSlot, content: PlannedRecord, sealedAt: number): InsertedRecord {
    for (const { account, quantity } of content.parts)
      this.#page(accountOf(account)).homeless -= quantity * account.divisor
    this.#forgetUnsealed()
    return this.#records.insert(name, { slot, resource: this.resource, content, sealedAt })
  }

  /** Undefined for an id that no record has. */
  record(id: number): MeteringRecord | undefined {
    return this.#records.one(id)
  }

  /** The record that bears AWS's id. */
  recordWithMeteringId(meteringRecordId: string): number | undefined {
    return this.#records.withMeteringId(meteringRecordId)
  }

  /** The records that wait for AWS, with what this group has done to them. */
  get waiting(): Pick<PageRecords, 'unsent' | 'inFlight' | 'left'> {
    return this.#records
  }

  /** Changes what may change of a record, and returns it as it is then. */
  update(record: MeteringRecord, change: Partial<RecordProgress>): MeteringRecord {
    const changed = { ...record, ...change }
    if (changed.state === 'moved' && record.state !== 'moved')
      for (const part of record.parts)
        this.#page(accountOf(part.account)).homeless += sumOf(usageOfPart(part))
    this.#records.set(changed)
    return changed
  }

  /** Has this task or pod send a record that AWS certainly does not have, as it is. */
  takeRecord(record: MeteringRecord): void {
    this.#records.giveTo(this.resource, record)
  }

  /** Lets a record that AWS certainly does not have be sent with other content, which it bears already. */
  reseal(record: MeteringRecord, isUntagged: boolean): MeteringRecord {
    this.#records.reseal(record, isUntagged)
    return this.update(record, { state: 'sealed' })
  }

  /** What was answered to the request or report that came with an idempotency key; undefined for a new one. */
  claim(token: string): StoredClaim | undefined {
    return this.#claims.get(token) ?? this.#view.claim(token)
  }

  /** Remembers what is answered, in the transaction that records the usage. */
  storeClaim(claim: NewClaim): void {
    this.#claims.set(claim.token, claim)
  }

  /** Notes that usage of a closed hour is counted in `hour`. For people: no balance rests on it. */
  addLate(dimension: string, hour: number, quantity: bigint): void {
    const name = `${hour}|${dimension}`
    const before = this.#late.get(name)?.quantity ?? this.#view.lateUsage(dimension, hour)
    this.#late.set(name, { dimension, hour, quantity: before + quantity })
  }

  /** What the owner of the book last noted under this name. */
  noted(name: string): string | undefined {
    return this.#notes.get(this.resource, name)
  }

  /** Keeps a text for the owner of the book; an earlier one of this name is replaced. */
  note(name: string, value: string): void {
    this.#notes.set(this.resource, name, value)
  }

  /** Forgets some of what is old. Returns whether there is more. */
  forget(retention: Retention): boolean {
    this.#forget = retention
    return this.#view.hasMoreToForget(retention)
  }

  /** Makes this task or pod the owner of the book. */
  takeOwnership(now: number): void {
    this.#owner = { identity: this.resource, firstSeenAt: now }
  }

  /** All that the group did. Throws LedgerImbalanced when it would lose or make usage. */
  changes(): Changes {
    const accounts: AccountChange[] = []
    for (const { account, reported, fraction, homeless } of this.#accounts.values()) {
      if (homeless !== 0n) throw imbalanced(account, homeless)
      accounts.push({ account, reported, fraction })
    }
    const { emptied, added } = this.#open.changes()
    const { released, held } = this.#held.changes()
    return {
      registrations: this.customers.changes(),
      licences: this.customers.licences(),
      accounts,
      emptied,
      added,
      released,
      held,
      voided: this.#voided,
      ...this.#records.changes(),
      readings: this.readings.changes(),
      cursors: this.cursors.changes(),
      claims: [...this.#claims.values()],
      lateUsage: [...this.#late.values()],
      notes: this.#notes.changes(),
      forget: this.#forget,
      owner: this.#owner,
    }
  }

  /** Gives the new records the ids that they got when the group was committed. */
  assignIds(ids: readonly number[]): void {
    this.#records.assignIds(ids)
  }

  #page(account: Account): AccountPage {
    const known = this.#accounts.get(account.name)
    if (known !== undefined) return known
    const page = newAccountPage(account, this.slotOf(account))
    this.#accounts.set(account.name, page)
    return page
  }

  #setUnguarded({ account, hour, resource }: OpenAccountHour, quantity: bigint): void {
    const value = quantity > 0n ? String(quantity) : undefined
    this.#notes.set(resource, unguardedName(account, hour), value)
  }

  #forgetUnsealed(): void {
    for (const { unsealed } of this.#accounts.values()) unsealed.clear()
  }

  #isClosed({ account }: AccountPage, hour: number): boolean {
    const open = { account, resource: this.resource, hour }
    if (this.isBilled(account, hour) || this.#held.has(open)) return true
    return this.customers
      .otherForms(account)
      .some((other) => this.cells({ ...open, account: other }).length > 0)
  }
}
