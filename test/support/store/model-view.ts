import {
  isShared,
  isUnregistered,
  meaningName,
  type Account,
} from '../../../src/metering/account.ts'
import { sumOf, type OpenCell } from '../../../src/metering/cell.ts'
import type { CustomerNames, Registration } from '../../../src/metering/customer.ts'
import type { LicenceState } from '../../../src/metering/licence.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { recordStateTable } from '../../../src/metering/record/record-states.ts'
import { customerHolder, slotName, type Slot } from '../../../src/metering/slot.ts'
import { untagged, type TagSet } from '../../../src/metering/tags.ts'
import type { Cursor } from '../../../src/store/cursor.ts'
import type { ReadingView } from '../../../src/store/readings.ts'
import type { Retention } from '../../../src/store/retention.ts'
import type {
  BookView,
  HeldHour,
  MeaningSums,
  OpenAccountHour,
  SealableHours,
  SharedRole,
  StoredClaim,
} from '../../../src/store/view.ts'
import {
  closedName,
  forgottenAtOnce,
  heldName,
  keptFrom,
  lateName,
  noteName,
  openName,
  registrationName,
  type ModelBook,
} from './model-book.ts'

/** The rows of a model book as the rules see them. */
export class ModelView implements BookView {
  readonly datesKeys: boolean = false
  readonly #book: ModelBook

  readonly readings: ReadingView

  constructor(book: ModelBook) {
    this.#book = book
    this.readings = readingsOf(book)
  }

  cursors(resource: string, source: string): Cursor[] {
    return [...this.#book.cursors.values()]
      .filter((cursor) => cursor.resource === resource && cursor.source === source)
      .toSorted((a, b) => (a.series < b.series ? -1 : 1))
  }

  claim(token: string): StoredClaim | undefined {
    return this.#book.claims.get(token)
  }

  isClosed(slot: Slot, hour: number): boolean {
    return this.#book.closed.has(closedName(slotName(slot), hour))
  }

  reported({ name }: Account): bigint {
    return this.#book.accounts.get(name)?.reported ?? 0n
  }

  accounts(): Account[] {
    return [...this.#book.accounts.values()].map(({ account }) => account)
  }

  meanings(): MeaningSums[] {
    const rows = Map.groupBy(this.#book.accounts.values(), ({ account }) =>
      meaningName(account.key),
    )
    return [...rows.values()].flatMap((accounts) =>
      accounts.slice(0, 1).map(({ account: { key } }) => ({
        key,
        open: sumOf(
          accounts.flatMap(({ account }) =>
            this.openHoursOf(account).flatMap((open) => this.cells(open)),
          ),
        ),
        fraction: accounts.reduce((sum, { fraction }) => sum + fraction, 0n),
      })),
    )
  }

  unregisteredAccounts(): Account[] {
    return this.accounts().filter(({ key }) => isUnregistered(key))
  }

  fraction({ name }: Account): bigint {
    return this.#book.accounts.get(name)?.fraction ?? 0n
  }

  openHours(before: number, after = Number.NEGATIVE_INFINITY): OpenAccountHour[] {
    const order = [...this.#book.accounts.keys()]
    const place = ({ account }: OpenAccountHour) => order.indexOf(account.name)
    return [...this.#book.open.values()]
      .flatMap((cells) => [...cells.values()].slice(0, 1))
      .filter(({ hour }) => hour < before && hour > after)
      .map(({ account, resource, hour }) => ({ account, resource, hour }))
      .toSorted((a, b) => place(a) - place(b) || a.hour - b.hour)
  }

  sharedRole(): SharedRole {
    return 'alone'
  }

  sealableHours({ before, endedBefore, limit }: SealableHours): OpenAccountHour[] {
    const hasEnded = ({ key }: Account) =>
      this.#book.registrations.get(registrationName(key.customer, key.identity))?.endedAt !==
      undefined
    return this.openHours(Number.POSITIVE_INFINITY)
      .filter(({ account }) => !isUnregistered(account.key))
      .filter(({ account, hour }) => hour < before || (hour < endedBefore && hasEnded(account)))
      .slice(0, limit)
  }

  cells(open: OpenAccountHour): OpenCell[] {
    return [...this.#cells(open).values()]
      .map(({ tags, quantity }) => ({ tags, quantity }))
      .toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
  }

  countTagSets(open: OpenAccountHour): number {
    return [...this.#cells(open).keys()].filter((tags) => tags !== untagged).length
  }

  hasTagSet(open: OpenAccountHour, tags: TagSet): boolean {
    return this.#cells(open).has(tags)
  }

  isHeld(open: OpenAccountHour): boolean {
    return this.heldHours().some((hour) => openName(hour) === openName(open))
  }

  heldHours(): HeldHour[] {
    return byHour([...this.#book.held.values()].map(({ hour }) => hour))
  }

  heldCells(held: HeldHour): OpenCell[] {
    return [...(this.#book.held.get(heldName(held))?.cells ?? [])]
      .map(([tags, quantity]) => ({ tags, quantity }))
      .toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
  }

  note(resource: string, name: string): string | undefined {
    return this.#book.notes.get(noteName(resource, name))
  }

  recordWithMeteringId(meteringRecordId: string): number | undefined {
    return [...this.#book.records.values()].find(
      (record) => record.meteringRecordId === meteringRecordId,
    )?.id
  }

  record(id: number): MeteringRecord | undefined {
    return this.#book.records.get(id)
  }

  unsentRecords(after = Number.NEGATIVE_INFINITY): MeteringRecord[] {
    const unsent = [...this.#book.records.values()].filter(isUnsent)
    return byHour(unsent.filter(({ hour }) => hour > after))
  }

  inFlightRecords(): MeteringRecord[] {
    return this.unsentRecords().filter(({ inFlight }) => inFlight)
  }

  leftRecords(owner: string): MeteringRecord[] {
    return this.unsentRecords().filter(({ resource }) => resource !== owner)
  }

  leftHours(owner: string): OpenAccountHour[] {
    return this.openHours(Number.POSITIVE_INFINITY).filter(
      ({ account, resource }) => resource !== owner && !isShared(account.key),
    )
  }

  abandoned(resource: string): string[] {
    const { owner } = this.#book
    return owner === undefined || owner === resource ? [] : [owner]
  }

  owner(): string | undefined {
    return this.#book.owner
  }

  hasMoreToForget({ claimsBefore }: Retention): boolean {
    const old = [...this.#book.claims.values()].filter((claim) => keptFrom(claim) < claimsBefore)
    return old.length > forgottenAtOnce
  }

  lateUsage(dimension: string, hour: number): bigint {
    return this.#book.late.get(lateName({ dimension, hour }))?.quantity ?? 0n
  }

  registrations(customer: string): Registration[] {
    return [...this.#book.registrations.values()].filter((each) => each.customer === customer)
  }

  registrationsNaming({ accountId, licenseArn, identifier }: CustomerNames): Registration[] {
    const same = (a: string | undefined, b: string | undefined) => a !== undefined && a === b
    return [...this.#book.registrations.values()].filter(
      ({ names }) =>
        same(names.accountId, accountId) ||
        same(names.licenseArn, licenseArn) ||
        same(names.identifier, identifier),
    )
  }

  licence(key: string): LicenceState | undefined {
    return this.#book.licences.get(key)
  }

  isAwaited(customer: string): boolean {
    return this.#awaited().has(customer)
  }

  countAwaited(): number {
    return this.#awaited().size
  }

  accountsOf(customer: string): Account[] {
    return this.accounts().filter(({ key }) => key.customer === customer)
  }

  openHoursOf(account: Account): OpenAccountHour[] {
    return this.openHours(Number.POSITIVE_INFINITY).filter(
      (open) => open.account.name === account.name,
    )
  }

  lastHour(registration: Registration): number | undefined {
    const holder = customerHolder(registration.identity)
    const hours = [
      ...[...this.#book.records.values()]
        .filter(({ slot }) => slot.holder === holder)
        .map(({ hour }) => hour),
      ...this.#openHoursOf(registration).map(({ hour }) => hour),
    ]
    return hours.length === 0 ? undefined : Math.max(...hours)
  }

  isUnsettled(registration: Registration): boolean {
    const holder = customerHolder(registration.identity)
    const isOf = ({ account: { key } }: { readonly account: Account }) =>
      registrationName(key.customer, key.identity) ===
      registrationName(registration.customer, registration.identity)
    return (
      [...this.#book.records.values()].some(
        (record) =>
          record.slot.holder === holder && (isUnsent(record) || record.state === 'unresolved'),
      ) ||
      this.heldHours().some(isOf) ||
      this.#openHoursOf(registration).length > 0
    )
  }

  #awaited(): Set<string> {
    const open = this.openHours(Number.POSITIVE_INFINITY)
    const waiting = open.filter(({ account: { key } }) => isUnregistered(key))
    return new Set(waiting.map(({ account: { key } }) => key.customer))
  }

  #openHoursOf({ customer, identity }: Registration): OpenAccountHour[] {
    const name = registrationName(customer, identity)
    return this.openHours(Number.POSITIVE_INFINITY).filter(
      ({ account: { key } }) => registrationName(key.customer, key.identity) === name,
    )
  }

  #cells(open: OpenAccountHour) {
    return this.#book.open.get(openName(open)) ?? new Map<TagSet, OpenCell>()
  }
}

/** The readings of every task and pod. */
export function readingsOf(book: ModelBook): ReadingView {
  const rowsOf = (key: OpenAccountHour) =>
    [...book.readings.values()].filter((row) => openName(row) === openName(key))
  return {
    hour: (key) => book.readingHours.get(openName(key)),
    openHours: () =>
      [...book.readingHours.values()]
        .filter(({ closed }) => !closed)
        .toSorted((a, b) => a.hour - b.hour),
    one: (key, tags, name) =>
      rowsOf(key).find(({ reading }) => reading.tags === tags && reading.key === name)?.reading,
    all: (key) =>
      rowsOf(key)
        .map(({ reading }) => reading)
        .toSorted((a, b) => (a.tags === b.tags ? compare(a.key, b.key) : compare(a.tags, b.tags))),
  }
}

export function isUnsent({ state }: Pick<MeteringRecord, 'state'>): boolean {
  return recordStateTable[state].unsent
}

/** The oldest hour first. */
export function byHour<T extends { readonly hour: number; readonly id: number }>(
  records: readonly T[],
): T[] {
  return records.toSorted((a, b) => a.hour - b.hour || a.id - b.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
