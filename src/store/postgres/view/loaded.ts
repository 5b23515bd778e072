import { isShared, type Account } from '../../../metering/account.ts'
import type { OpenCell } from '../../../metering/cell.ts'
import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import type { LicenceState } from '../../../metering/licence.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import type { Slot } from '../../../metering/slot.ts'
import type { TagSet } from '../../../metering/tags.ts'
import type { Reading } from '../../../metering/reading.ts'
import type { Cursor } from '../../cursor.ts'
import type { ReadingHour } from '../../readings.ts'
import type { Retention } from '../../retention.ts'
import type {
  HeldHour,
  MeaningSums,
  OpenAccountHour,
  SealableHours,
  SharedRole,
  StoredClaim,
} from '../../view.ts'
import { Shelf } from './shelf.ts'

/** The hours of a slot that have a record, as far as they start at `from` or later. */
interface ClosedHours {
  readonly from: number
  readonly hours: ReadonlySet<number>
}

/** What a registration has in the book. */
interface CustomerRows {
  readonly lastHour: number | undefined
  readonly isUnsettled: boolean
}

interface ReadingQuestion {
  readonly open: OpenAccountHour
  readonly tags: TagSet
  readonly key: string
}

interface OpenHours {
  readonly before: number
  readonly after: number
}

export interface HeldHourRows {
  readonly hour: HeldHour
  readonly cells: readonly OpenCell[]
}

/** What was loaded of the book for a group of commands, and what the rules asked for in vain. */
export class Loaded {
  /**
   * What no one else changes while this process acts for its task or pod, or changes only so that a
   * moment's delay does no harm. It may outlive the group.
   */
  readonly lasting = {
    closed: new Shelf<{ readonly slot: Slot; readonly from: number }, ClosedHours>(),
    /** Names of held hours. */
    heldNames: new Shelf<true, ReadonlySet<string>>(),
    /** What the idempotency keys of all tasks and pods take. */
    keyBytes: new Shelf<true, number>(),
    reported: new Shelf<Account, bigint>(),
    tags: new Shelf<OpenAccountHour, ReadonlySet<TagSet>>(),
  }
  /** What has to be locked or looked at in the transaction that changes it. */
  readonly ofTransaction = {
    abandoned: new Shelf<true, readonly string[]>(),
    sharedRole: new Shelf<true, SharedRole>(),
    claims: new Shelf<string, StoredClaim | undefined>(),
    accounts: new Shelf<true, readonly Account[]>(),
    meanings: new Shelf<true, readonly MeaningSums[]>(),
    unregistered: new Shelf<true, readonly Account[]>(),
    /** By customer. */
    registrations: new Shelf<string, readonly Registration[]>(),
    registrationsNaming: new Shelf<CustomerNames, readonly Registration[]>(),
    /** By their keys of AWS. */
    licences: new Shelf<string, LicenceState | undefined>(),
    isAwaited: new Shelf<string, boolean>(),
    countAwaited: new Shelf<true, number>(),
    accountsOf: new Shelf<string, readonly Account[]>(),
    customers: new Shelf<Registration, CustomerRows>(),
    fractions: new Shelf<Account, bigint>(),
    openHours: new Shelf<OpenHours, readonly OpenAccountHour[]>(),
    openHoursOf: new Shelf<Account, readonly OpenAccountHour[]>(),
    sealable: new Shelf<SealableHours, readonly OpenAccountHour[]>(),
    cells: new Shelf<OpenAccountHour, readonly OpenCell[]>(),
    tagSets: new Shelf<OpenAccountHour, number>(),
    held: new Shelf<true, ReadonlyMap<string, HeldHourRows>>(),
    records: new Shelf<number, MeteringRecord | undefined>(),
    meteringIds: new Shelf<string, number | undefined>(),
    cursors: new Shelf<{ readonly resource: string; readonly source: string }, readonly Cursor[]>(),
    openReadingHours: new Shelf<true, readonly ReadingHour[]>(),
    readingHours: new Shelf<OpenAccountHour, ReadingHour | undefined>(),
    readings: new Shelf<OpenAccountHour, readonly Reading[]>(),
    oneReading: new Shelf<ReadingQuestion, Reading | undefined>(),
    /** Of hours that start after an instant, by it. */
    unsent: new Shelf<number, readonly MeteringRecord[]>(),
    inFlight: new Shelf<true, readonly MeteringRecord[]>(),
    /** Of those that are abandoned. */
    left: new Shelf<true, readonly MeteringRecord[]>(),
    leftHours: new Shelf<true, readonly OpenAccountHour[]>(),
    owner: new Shelf<true, string | undefined>(),
    notes: new Shelf<{ readonly resource: string; readonly name: string }, string | undefined>(),
    late: new Shelf<{ readonly dimension: string; readonly hour: number }, bigint>(),
    forgettable: new Shelf<Retention, boolean>(),
  }

  get misses(): boolean {
    return this.missesOfTransaction || isAnyWaiting(this.lasting)
  }

  get missesOfTransaction(): boolean {
    return isAnyWaiting(this.ofTransaction)
  }

  clear(): void {
    for (const shelf of Object.values(this.lasting)) shelf.clear()
    this.clearTransaction()
  }

  clearTransaction(): void {
    for (const shelf of Object.values(this.ofTransaction)) shelf.clear()
  }
}

export function hourName({ account, resource, hour }: OpenAccountHour): string {
  return `${hour}|${resource}|${account.name}`
}

/** Of an hour that is closed because some of it is held: what all share is held for all. */
export function heldHourName({ account, resource, hour }: OpenAccountHour): string {
  return hourName({ account, resource: isShared(account.key) ? '' : resource, hour })
}

function isAnyWaiting(shelves: Readonly<Record<string, { readonly isWaiting: boolean }>>): boolean {
  return Object.values(shelves).some(({ isWaiting }) => isWaiting)
}
