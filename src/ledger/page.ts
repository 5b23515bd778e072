import { SidecarError } from '../kernel/errors.ts'
import { accountOf, type Account } from '../metering/account.ts'
import { microPerWhole } from '../metering/amount.ts'
import type { OpenCell } from '../metering/cell.ts'
import { hourMs } from '../metering/hour.ts'
import { usageOfPart, type MeteringRecord } from '../metering/record.ts'
import type { PlannedRecord } from '../metering/seal-plan.ts'
import { untagged, type TagSet } from '../metering/tags.ts'
import type {
  AccountChange,
  AddedUsage,
  Changes,
  NewClaim,
  NewRecord,
  Note,
  RecordProgress,
} from '../store/changes.ts'
import type { Retention } from '../store/retention.ts'
import type { BookView, OpenAccountHour, StoredClaim } from '../store/view.ts'
import type { AccountSlots, NamedSlot } from './account-slots.ts'
import type { TagSetLimit } from './tag-set-limit.ts'

interface HourPage extends OpenAccountHour {
  /** What the store has of this hour goes. */
  emptied: boolean
  readonly added: Map<TagSet, bigint>
}

interface AccountPage {
  readonly account: Account
  readonly slot: NamedSlot
  /** By this group. */
  reported: bigint
  reportedBefore: bigint | undefined
  fraction: bigint | undefined
  /** What came in less what went to a place, so far; anything but 0 at the end is a defect. */
  homeless: bigint
  readonly hours: Map<number, HourPage>
  /** The first unsealed hour from each hour on, as far as it was asked for. */
  readonly unsealed: Map<number, number>
}

/** A record that gets its id when the group is committed. */
export interface InsertedRecord extends NewRecord {
  id: number
}

export interface PageOptions {
  /** Of the task or pod that owns the book. */
  readonly slots: AccountSlots
  readonly tagSets: TagSetLimit
}

/**
 * The book while one group of commands changes it: the store's rows under what the group has done so
 * far. The rules work on it and nothing else, so they are pure. Every amount that moves is counted on
 * both sides, and a group that would lose or make usage is refused.
 */
export class Page {
  readonly #view: BookView
  readonly #options: PageOptions
  readonly #accounts = new Map<string, AccountPage>()
  readonly #inserted: InsertedRecord[] = []
  /** Slots and hours that were closed by this group. */
  readonly #closed = new Set<string>()
  readonly #records = new Map<number, MeteringRecord>()
  readonly #changed = new Set<number>()
  readonly #claims = new Map<string, NewClaim>()
  readonly #late = new Map<string, { dimension: string; hour: number; quantity: bigint }>()
  readonly #notes: Note[] = []
  /** Hours of other tasks or pods whose usage went to this one. */
  readonly #emptiedElsewhere: OpenAccountHour[] = []
  /** By dimension: usage that went to the untagged bucket, an hour having too many tag sets. */
  readonly overflowed = new Map<string, number>()
  #owner: Changes['owner']
  #forget: Retention | undefined

  constructor(view: BookView, options: PageOptions) {
    this.#view = view
    this.#options = options
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

  /** What was reported for an account, with what this group has counted. */
  reported(account: Account): bigint {
    const page = this.#page(account)
    page.reportedBefore ??= this.#view.reported(account)
    return page.reportedBefore + page.reported
  }

  /** Counts usage that came in. The caller adds it to an hour. */
  count(account: Account, quantity: bigint): void {
    const page = this.#page(account)
    page.reported += quantity
    page.homeless += quantity
  }

  /** Adds to an hour that is not sealed. */
  add(account: Account, hour: number, tags: TagSet, quantity: bigint): void {
    const page = this.#page(account)
    const { added } = this.#hour(page, hour)
    const before = added.get(tags)
    if (before !== undefined) added.set(tags, before + quantity)
    else if (tags === untagged || this.#admits(page, hour, tags)) added.set(tags, quantity)
    else {
      const { dimension } = account.key
      this.overflowed.set(dimension, (this.overflowed.get(dimension) ?? 0) + 1)
      this.add(account, hour, untagged, quantity)
      return
    }
    page.homeless -= quantity
  }

  /** Hours with open usage that start before `before`, by account and hour. */
  openHours(before: number): OpenAccountHour[] {
    const stored = this.#view
      .openHours(before)
      .filter(({ account, resource, hour }) => !this.#isEmptied(account, resource, hour))
    const known = new Set(stored.map(({ account, hour }) => `${hour}|${account.name}`))
    const added = [...this.#accounts.values()]
      .flatMap(({ hours }) => [...hours.values()])
      .filter(
        ({ account, hour, added: cells }) =>
          hour < before && cells.size > 0 && !known.has(`${hour}|${account.name}`),
      )
    return [...stored, ...added]
  }

  /** All that an hour holds, in the order of the tag sets. */
  cells(open: OpenAccountHour): OpenCell[] {
    const page = this.#accounts.get(open.account.name)?.hours.get(open.hour)
    const emptied = this.#isEmptied(open.account, open.resource, open.hour)
    const stored = emptied ? [] : this.#view.cells(open)
    if (page === undefined || page.resource !== open.resource) return [...stored]
    const sums = new Map(stored.map(({ tags, quantity }) => [tags, quantity]))
    for (const [tags, quantity] of page.added) sums.set(tags, (sums.get(tags) ?? 0n) + quantity)
    return [...sums]
      .map(([tags, quantity]) => ({ tags, quantity }))
      .toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
  }

  /** Takes an hour's usage out of it. The caller puts it somewhere else. */
  empty(open: OpenAccountHour): OpenCell[] {
    const cells = this.cells(open)
    const page = this.#page(open.account)
    page.homeless += cells.reduce((sum, { quantity }) => sum + quantity, 0n)
    if (open.resource === this.resource) {
      const hour = this.#hour(page, open.hour)
      hour.emptied = true
      hour.added.clear()
      this.#options.tagSets.forget(open)
    } else this.#emptiedElsewhere.push(open)
    return cells
  }

  fraction(account: Account): bigint {
    return this.#page(account).fraction ?? this.#view.fraction(account)
  }

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
      this.#page(accountOf(account)).homeless -= BigInt(quantity) * microPerWhole(account.divisor)
    const inserted = { slot, resource: this.resource, content, sealedAt, id: 0 }
    this.#inserted.push(inserted)
    this.#closed.add(closedName(name, content.hour))
    for (const { unsealed } of this.#accounts.values()) unsealed.clear()
    return inserted
  }

  record(id: number): MeteringRecord | undefined {
    return this.#records.get(id) ?? this.#view.record(id)
  }

  /** The record that bears AWS's id. */
  recordWithMeteringId(meteringRecordId: string): number | undefined {
    for (const [id, record] of this.#records)
      if (record.meteringRecordId === meteringRecordId) return id
    return this.#view.recordWithMeteringId(meteringRecordId)
  }

  /** Records that wait for AWS, with what this group has done to them. */
  unsentRecords(): MeteringRecord[] {
    return this.#view.unsentRecords().map((record) => this.#records.get(record.id) ?? record)
  }

  /** Changes what may change of a record, and returns it as it is then. */
  update(record: MeteringRecord, change: Partial<RecordProgress>): MeteringRecord {
    const changed = { ...record, ...change }
    if (changed.state === 'moved' && record.state !== 'moved')
      for (const part of record.parts)
        this.#page(accountOf(part.account)).homeless += usageOfPart(part).reduce(
          (sum, { quantity }) => sum + quantity,
          0n,
        )
    this.#records.set(record.id, changed)
    this.#changed.add(record.id)
    return changed
  }

  claim(token: string): StoredClaim | undefined {
    return this.#claims.get(token) ?? this.#view.claim(token)
  }

  storeClaim(claim: NewClaim): void {
    this.#claims.set(claim.token, claim)
  }

  /** Notes that usage of a closed hour is counted in `hour`. For people: no balance rests on it. */
  addLate(dimension: string, hour: number, quantity: bigint): void {
    const name = `${hour}|${dimension}`
    const before = this.#late.get(name)?.quantity ?? this.#view.lateUsage(dimension, hour)
    this.#late.set(name, { dimension, hour, quantity: before + quantity })
  }

  note(name: string, value: string): void {
    this.#notes.push({ resource: this.resource, name, value })
  }

  /** Forgets some of what is old. Returns whether there is more. */
  forget(retention: Retention): boolean {
    this.#forget = retention
    return this.#view.hasMoreToForget(retention)
  }

  takeOwnership(now: number): void {
    this.#owner = { identity: this.resource, firstSeenAt: now }
  }

  /** All that the group did. Throws LedgerImbalanced when it would lose or make usage. */
  changes(): Changes {
    const accounts: AccountChange[] = []
    const emptied: OpenAccountHour[] = [...this.#emptiedElsewhere]
    const added: AddedUsage[] = []
    for (const { account, reported, fraction, homeless, hours } of this.#accounts.values()) {
      if (homeless !== 0n) throw imbalanced(account, homeless)
      accounts.push({ account, reported, fraction })
      for (const hour of hours.values()) {
        if (hour.emptied) emptied.push(hour)
        if (hour.added.size > 0) added.push(hour)
      }
    }
    return {
      accounts,
      emptied,
      added,
      newRecords: this.#inserted,
      records: new Map([...this.#changed].map((id) => [id, this.#progressOf(id)])),
      claims: [...this.#claims.values()],
      lateUsage: [...this.#late.values()],
      notes: this.#notes,
      forget: this.#forget,
      owner: this.#owner,
    }
  }

  /** Gives the new records the ids that they got when the group was committed. */
  assignIds(ids: readonly number[]): void {
    for (const [index, inserted] of this.#inserted.entries()) inserted.id = ids[index] ?? 0
  }

  #progressOf(id: number): RecordProgress {
    const record = this.#records.get(id)
    if (record === undefined) throw new TypeError(`record ${id} was changed and is not there`)
    return record
  }

  #page(account: Account): AccountPage {
    const known = this.#accounts.get(account.name)
    if (known !== undefined) return known
    const page: AccountPage = {
      account,
      slot: this.slotOf(account),
      reported: 0n,
      reportedBefore: undefined,
      fraction: undefined,
      homeless: 0n,
      hours: new Map(),
      unsealed: new Map(),
    }
    this.#accounts.set(account.name, page)
    return page
  }

  #hour(page: AccountPage, hour: number): HourPage {
    const known = page.hours.get(hour)
    if (known !== undefined) return known
    const { account } = page
    const made = { account, resource: this.resource, hour, emptied: false, added: new Map() }
    page.hours.set(hour, made)
    return made
  }

  #isClosed({ slot: { slot, name } }: AccountPage, hour: number): boolean {
    const byThisGroup = this.#closed.size > 0 && this.#closed.has(closedName(name, hour))
    return byThisGroup || this.#view.isClosed(slot, hour)
  }

  #isEmptied(account: Account, resource: string, hour: number): boolean {
    if (resource === this.resource)
      return this.#accounts.get(account.name)?.hours.get(hour)?.emptied === true
    return this.#emptiedElsewhere.some(
      (open) =>
        open.account.name === account.name && open.resource === resource && open.hour === hour,
    )
  }

  #admits(page: AccountPage, hour: number, tags: TagSet): boolean {
    const open = this.#hour(page, hour)
    const isNew = (set: TagSet) =>
      set !== untagged && (open.emptied || !this.#view.hasTagSet(open, set))
    return this.#options.tagSets.admits(open, tags, {
      count: () =>
        (open.emptied ? 0 : this.#view.countTagSets(open)) +
        [...open.added.keys()].filter(isNew).length,
      has: (set) => !open.emptied && this.#view.hasTagSet(open, set),
    })
  }
}

function closedName(slot: string, hour: number): string {
  return `${hour}|${slot}`
}

function imbalanced({ key }: Account, homeless: bigint): SidecarError {
  return new SidecarError(
    'LedgerImbalanced',
    `Nothing was changed: it would have left ${homeless} micro-units of ${key.dimension} in no place. This is a defect; keep the data directory and report it.`,
  )
}
