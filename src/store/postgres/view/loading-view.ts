import { CustomerLoadingView } from './customer-view.ts'
import { all } from './shelf.ts'
import type { Account } from '../../../metering/account.ts'
import type { OpenCell } from '../../../metering/cell.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import { slotName, type Slot } from '../../../metering/slot.ts'
import type { TagSet } from '../../../metering/tags.ts'
import type { Cursor } from '../../cursor.ts'
import type { ReadingView } from '../../readings.ts'
import type { Retention } from '../../retention.ts'
import type {
  BookView,
  HeldHour,
  MeaningSums,
  OpenAccountHour,
  SealableHours,
  SharedRole,
  StoredClaim,
} from '../../view.ts'
import { heldHourName, hourName, type Loaded } from './loaded.ts'

const nothing: ReadonlyMap<string, never> = new Map<string, never>()
const none: ReadonlySet<never> = new Set<never>()
/**
 * The book as far as it is loaded. What is missing is answered as if it were not there, and noted: the
 * outcome of the rules counts only when nothing was missing.
 */
export class LoadingView extends CustomerLoadingView implements BookView {
  readonly datesKeys = true
  readonly #loaded: Loaded
  readonly readings: ReadingView
  /** Of a report without a transaction: keys count as new until their insertion fails. */
  readonly #assumesNewKeys: boolean
  /** Keys that were taken for new. */
  readonly assumedKeys = new Set<string>()

  constructor(loaded: Loaded, assumesNewKeys: boolean) {
    super(loaded)
    this.#loaded = loaded
    const of = loaded.ofTransaction
    this.readings = {
      hour: (key) => of.readingHours.ask(hourName(key), key, undefined),
      openHours: () => of.openReadingHours.ask(all, true, []),
      one: (open, tags, key) =>
        of.oneReading.ask(`${key}|${hourName(open)}|${tags}`, { open, tags, key }, undefined),
      all: (key) => of.readings.ask(hourName(key), key, []),
    }
    this.#assumesNewKeys = assumesNewKeys
  }

  claim(token: string): StoredClaim | undefined {
    if (!this.#assumesNewKeys) return this.#of.claims.ask(token, token, undefined)
    this.assumedKeys.add(token)
    return undefined
  }

  isClosed(slot: Slot, hour: number): boolean {
    const name = slotName(slot)
    const { closed } = this.#loaded.lasting
    const known = closed.peek(name)
    if (known !== undefined && known.from <= hour) return known.hours.has(hour)
    // Earlier ones as well, so that reports of one hour do not load the hours of another again.
    const from = Math.min(hour, known?.from ?? hour, closed.asked.get(name)?.from ?? hour)
    closed.forget(name)
    closed.ask(name, { slot, from }, { from, hours: none })
    return false
  }

  reported(account: Account): bigint {
    return this.#loaded.lasting.reported.ask(account.name, account, 0n)
  }

  accounts(): readonly Account[] {
    return this.#of.accounts.ask(all, true, [])
  }

  meanings(): readonly MeaningSums[] {
    return this.#of.meanings.ask(all, true, [])
  }

  unregisteredAccounts(): readonly Account[] {
    return this.#of.unregistered.ask(all, true, [])
  }

  fraction(account: Account): bigint {
    return this.#of.fractions.ask(account.name, account, 0n)
  }

  openHours(before: number, after = Number.NEGATIVE_INFINITY): OpenAccountHour[] {
    return this.#of.openHours.ask(`${after}|${before}`, { before, after }, []).slice()
  }

  sealableHours(due: SealableHours): OpenAccountHour[] {
    return this.#of.sealable.ask(JSON.stringify(due), due, []).slice()
  }

  sharedRole(): SharedRole {
    return this.#of.sharedRole.ask(all, true, 'member')
  }

  cells(open: OpenAccountHour): readonly OpenCell[] {
    return this.#of.cells.ask(hourName(open), open, [])
  }

  countTagSets(open: OpenAccountHour): number {
    // An hour that is sealed may have many, and only their number counts.
    if (!this.#assumesNewKeys) return this.#of.tagSets.ask(hourName(open), open, 0)
    const tags = this.#tags(open)
    return tags.size - (tags.has('') ? 1 : 0)
  }

  hasTagSet(open: OpenAccountHour, tags: TagSet): boolean {
    return this.#tags(open).has(tags)
  }

  isHeld(open: OpenAccountHour): boolean {
    return this.#loaded.lasting.heldNames.ask(all, true, none).has(heldHourName(open))
  }

  heldHours(): HeldHour[] {
    return [...this.#of.held.ask(all, true, nothing).values()].map(({ hour }) => hour)
  }

  heldCells({ reason, ...open }: HeldHour): readonly OpenCell[] {
    return this.#of.held.ask(all, true, nothing).get(`${reason}|${hourName(open)}`)?.cells ?? []
  }

  cursors(resource: string, source: string): readonly Cursor[] {
    return this.#of.cursors.ask(JSON.stringify([resource, source]), { resource, source }, [])
  }

  record(id: number): MeteringRecord | undefined {
    return this.#of.records.ask(String(id), id, undefined)
  }

  recordWithMeteringId(meteringRecordId: string): number | undefined {
    return this.#of.meteringIds.ask(meteringRecordId, meteringRecordId, undefined)
  }

  unsentRecords(after = Number.MIN_SAFE_INTEGER): readonly MeteringRecord[] {
    return this.#of.unsent.ask(String(after), after, [])
  }

  inFlightRecords(): readonly MeteringRecord[] {
    return this.#of.inFlight.ask(all, true, [])
  }

  leftRecords(): readonly MeteringRecord[] {
    return this.#of.left.ask(all, true, [])
  }

  leftHours(): readonly OpenAccountHour[] {
    return this.#of.leftHours.ask(all, true, [])
  }

  abandoned(): readonly string[] {
    return this.#of.abandoned.ask(all, true, [])
  }

  owner(): string | undefined {
    return this.#of.owner.ask(all, true, undefined)
  }

  note(resource: string, name: string): string | undefined {
    return this.#of.notes.ask(JSON.stringify([resource, name]), { resource, name }, undefined)
  }

  hasMoreToForget(retention: Retention): boolean {
    return this.#of.forgettable.ask(JSON.stringify(retention), retention, false)
  }

  lateUsage(dimension: string, hour: number): bigint {
    return this.#of.late.ask(`${hour}|${dimension}`, { dimension, hour }, 0n)
  }

  get #of() {
    return this.#loaded.ofTransaction
  }

  #tags(open: OpenAccountHour): ReadonlySet<TagSet> {
    return this.#loaded.lasting.tags.ask(hourName(open), open, none)
  }
}
