import { accountOf, type Account } from '../../../src/metering/account.ts'
import type { OpenCell } from '../../../src/metering/cell.ts'
import type { Registration } from '../../../src/metering/customer.ts'
import type { LicenceState } from '../../../src/metering/licence.ts'
import { mergeAllocations, type MeteringRecord } from '../../../src/metering/record/record.ts'
import { slotName } from '../../../src/metering/slot.ts'
import type {
  Changes,
  LateUsageSum,
  NewClaim,
  NewRecord,
  Resealed,
  VoidedUsage,
} from '../../../src/store/changes.ts'
import type { Cursor, CursorChanges, CursorKey } from '../../../src/store/cursor.ts'
import type { ReadingChanges, ReadingHour, ReadingRow } from '../../../src/store/readings.ts'
import type { Retention } from '../../../src/store/retention.ts'
import type { HeldHour, HeldKey, OpenAccountHour } from '../../../src/store/view.ts'

/** The open usage of one tag set. */
export interface OpenRow extends OpenAccountHour, OpenCell {}

/** A held hour and what it holds, by tag set. */
export interface HeldRows {
  readonly hour: HeldHour
  readonly cells: ReadonlyMap<string, bigint>
}

/** How many idempotency keys one transaction forgets. */
export const forgottenAtOnce = 5000

export interface AccountRow {
  readonly account: Account
  reported: bigint
  fraction: bigint
  /** What its forgotten records held. */
  pruned: bigint
}

/** The rows of a book as plain maps, and the one way to change them. */
export class ModelBook {
  /** By customer and identity, in the order of their coming. */
  readonly registrations = new Map<string, Registration>()
  /** By AWS's keys. */
  readonly licences = new Map<string, LicenceState>()
  readonly accounts = new Map<string, AccountRow>()
  /** By account, resource and hour, then by tag set. */
  readonly open = new Map<string, Map<string, OpenRow>>()
  /** By account, resource, hour and reason; the cells by tag set. */
  readonly held = new Map<string, HeldRows>()
  readonly voided = new Map<number, VoidedUsage>()
  readonly records = new Map<number, MeteringRecord>()
  /** The id of the record that closed a slot and hour. */
  readonly closed = new Map<string, number>()
  /** Numbers of slots, in the order of their first records. */
  readonly slots = new Map<string, number>()
  /** The number of each record's slot. */
  readonly slotOfRecord = new Map<number, number>()
  /** In the order of their coming. */
  readonly claims = new Map<string, NewClaim>()
  readonly late = new Map<string, LateUsageSum>()
  readonly notes = new Map<string, string>()
  /** By account, resource and hour. */
  readonly readingHours = new Map<string, ReadingHour>()
  /** By account, resource, hour, tag set and key. */
  readonly readings = new Map<string, ReadingRow>()
  /** By resource, source and series. */
  readonly cursors = new Map<string, Cursor>()
  /** When each task or pod first owned the book. */
  readonly resources = new Map<string, number>()
  owner: string | undefined
  #lastId = 0
  #lastHeldId = 0

  /** A book with the same rows. Rows that change in place are copied, the others shared. */
  copy(): ModelBook {
    const copy = new ModelBook()
    for (const [name, row] of this.accounts) copy.accounts.set(name, { ...row })
    for (const [name, cells] of this.open) copy.open.set(name, new Map(cells))
    for (const name of sharedRows)
      for (const [key, row] of this[name]) (copy[name] as Map<unknown, unknown>).set(key, row)
    copy.owner = this.owner
    copy.#lastId = this.#lastId
    copy.#lastHeldId = this.#lastHeldId
    return copy
  }

  /** Throws when the changes cannot all be made; nothing has happened then. Returns the ids of the new records. */
  apply(changes: Changes): number[] {
    this.#check(changes)
    const { owner, accounts, emptied, added, newRecords, records, forget } = changes
    if (owner !== undefined) {
      this.owner = owner.identity
      if (!this.resources.has(owner.identity)) this.resources.set(owner.identity, owner.firstSeenAt)
    }
    for (const registration of changes.registrations) {
      const name = registrationName(registration.customer, registration.identity)
      this.registrations.set(name, registration)
    }
    for (const [name, state] of changes.licences) this.licences.set(name, state)
    for (const { account, reported, fraction } of accounts) {
      const row = this.#account(account)
      row.reported += reported
      row.fraction = fraction ?? row.fraction
    }
    for (const open of emptied) this.open.delete(openName(open))
    for (const { added: cells, ...open } of added)
      for (const [tags, quantity] of cells) this.#add({ ...open, tags, quantity })
    for (const held of changes.released) this.held.delete(heldName(held))
    for (const { added: cells, since, ...key } of changes.held) this.#hold(key, since, cells)
    for (const usage of changes.voided) {
      this.#account(usage.account)
      this.voided.set(this.voided.size + 1, usage)
    }
    if (changes.readings !== undefined) this.#changeReadings(changes.readings)
    if (changes.cursors !== undefined) this.#changeCursors(changes.cursors)
    const ids = newRecords.map((record) => this.#insert(record))
    for (const [id, progress] of records) {
      const record = this.records.get(id)
      if (record !== undefined) this.records.set(id, { ...record, ...onlyProgress(progress) })
    }
    for (const [id, resealed] of changes.resealed) this.#reseal(id, resealed)
    for (const [id, resource] of changes.senders) {
      const record = this.records.get(id)
      if (record !== undefined) this.records.set(id, { ...record, resource })
    }
    for (const claim of changes.claims) this.claims.set(claim.token, claim)
    for (const late of changes.lateUsage) this.late.set(lateName(late), late)
    for (const { resource, name, value } of changes.notes)
      if (value === undefined) this.notes.delete(noteName(resource, name))
      else this.notes.set(noteName(resource, name), value)
    if (forget !== undefined) this.#forget(forget)
    return ids
  }

  #check(changes: Changes): void {
    const refuseIf = (refused: boolean, why: string) => {
      if (refused) throw new TypeError(why)
    }
    const known = (resource: string) =>
      this.resources.has(resource) || changes.owner?.identity === resource
    const { accounts, emptied, added, released, held, voided, readings, cursors } = changes
    const usage: { readonly account: Account }[] = [
      ...accounts,
      ...emptied,
      ...added,
      ...released,
      ...held,
      ...voided,
    ]
    for (const { account } of usage)
      refuseIf(
        account.key.identity !== undefined &&
          !this.registrations.has(registrationName(account.key.customer, account.key.identity)) &&
          !changes.registrations.some(
            ({ customer, identity }) =>
              registrationName(customer, identity) ===
              registrationName(account.key.customer, account.key.identity),
          ),
        `${account.key.customer} has no registration`,
      )
    for (const { resource } of [
      ...emptied,
      ...added,
      ...released,
      ...held,
      ...(readings?.hours ?? []),
      ...(cursors?.put ?? []),
      ...changes.newRecords,
      ...changes.notes,
    ])
      refuseIf(!known(resource), `${resource} does not own the book`)
    const closed = new Set<string>()
    for (const { slot, content } of changes.newRecords) {
      const name = closedName(slotName(slot), content.hour)
      refuseIf(this.closed.has(name) || closed.has(name), `${name} has a record`)
      closed.add(name)
    }
    for (const id of changes.records.keys())
      refuseIf(!this.records.has(id), `there is no record ${id}`)
    const tokens = new Set<string>()
    for (const { token } of changes.claims) {
      refuseIf(this.claims.has(token) || tokens.has(token), `${token} is used`)
      tokens.add(token)
    }
  }

  #account(account: Account): AccountRow {
    const row = this.accounts.get(account.name) ?? {
      account,
      reported: 0n,
      fraction: 0n,
      pruned: 0n,
    }
    this.accounts.set(account.name, row)
    return row
  }

  #add(row: OpenRow): void {
    this.#account(row.account)
    const name = openName(row)
    const cells = this.open.get(name) ?? new Map<string, OpenRow>()
    this.open.set(name, cells)
    const quantity = (cells.get(row.tags)?.quantity ?? 0n) + row.quantity
    cells.set(row.tags, { ...row, quantity })
  }

  #hold(key: HeldKey, since: number, added: ReadonlyMap<string, bigint>): void {
    this.#account(key.account)
    const name = heldName(key)
    const before = this.held.get(name) ?? { hour: { ...key, id: 0, since }, cells: new Map() }
    const cells = new Map(before.cells)
    for (const [tags, quantity] of added) cells.set(tags, (cells.get(tags) ?? 0n) + quantity)
    const id = before.hour.id === 0 ? (this.#lastHeldId += 1) : before.hour.id
    this.held.set(name, { hour: { ...before.hour, id }, cells })
  }

  #reseal(id: number, { timestamp, clientToken, isUntagged }: Resealed): void {
    const record = this.records.get(id)
    if (record === undefined) return
    const kept = { ...record, timestamp, clientToken }
    const parts = record.parts.map((part) => ({ ...part, allocations: undefined }))
    this.records.set(id, isUntagged ? { ...kept, parts, allocations: undefined } : kept)
  }

  #changeReadings({ dropped, hours, rows }: ReadingChanges): void {
    for (const key of dropped) {
      this.readingHours.delete(openName(key))
      for (const [name, row] of this.readings)
        if (openName(row) === openName(key)) this.readings.delete(name)
    }
    for (const hour of hours) {
      this.#account(hour.account)
      this.readingHours.set(openName(hour), hour)
    }
    for (const row of rows) this.readings.set(readingName(row), row)
  }

  #changeCursors({ removed, put }: CursorChanges): void {
    for (const key of removed) this.cursors.delete(cursorName(key))
    for (const cursor of put) this.cursors.set(cursorName(cursor), cursor)
  }

  #insert({ slot, resource, content, sealedAt }: NewRecord): number {
    const id = (this.#lastId += 1)
    const name = slotName(slot)
    const slotNumber = this.slots.get(name) ?? this.slots.size + 1
    this.slots.set(name, slotNumber)
    this.slotOfRecord.set(id, slotNumber)
    this.closed.set(closedName(name, content.hour), id)
    for (const { account } of content.parts) this.#account(accountOf(account))
    const [first] = content.parts
    this.records.set(id, {
      ...content,
      id,
      slot,
      resource,
      sealedAt,
      allocations: mergeAllocations(content.parts),
      customer: first?.account.customer ?? '',
      divisor: first?.account.divisor ?? 1n,
      ...sealedNow,
    })
    return id
  }

  #forget(retention: Retention): void {
    const { claimsBefore, settledBefore, lateUsageBefore, licencesBefore, readingsBefore } =
      retention
    for (const [name, { at }] of this.licences) if (at < licencesBefore) this.licences.delete(name)
    for (const [name, { hour, closed }] of this.readingHours)
      if (closed && hour < readingsBefore) {
        this.readingHours.delete(name)
        for (const [row, each] of this.readings)
          if (openName(each) === name) this.readings.delete(row)
      }
    const old = [...this.claims.values()].filter((claim) => keptFrom(claim) < claimsBefore)
    for (const { token } of old.slice(0, forgottenAtOnce)) this.claims.delete(token)
    for (const [name, { hour }] of this.late) if (hour < lateUsageBefore) this.late.delete(name)
    for (const record of this.records.values()) {
      const { id, hour, settledAt, slot, state } = record
      if (state !== 'accepted' && state !== 'moved') continue
      if (settledAt === undefined || settledAt >= settledBefore || hour >= settledBefore) continue
      if (state === 'accepted')
        for (const part of record.parts)
          this.#account(accountOf(part.account)).pruned += part.quantity * part.account.divisor
      this.records.delete(id)
      this.slotOfRecord.delete(id)
      this.closed.delete(closedName(slotName(slot), hour))
    }
  }
}

const sharedRows = [
  'registrations',
  'licences',
  'held',
  'voided',
  'records',
  'closed',
  'slots',
  'slotOfRecord',
  'claims',
  'late',
  'notes',
  'readingHours',
  'readings',
  'cursors',
  'resources',
] as const

const sealedNow = {
  state: 'sealed',
  attempts: 0,
  inFlight: false,
  ambiguous: false,
  meteringRecordId: undefined,
  lastCode: undefined,
  lastMessage: undefined,
  firstAttemptAt: undefined,
  lastAttemptAt: undefined,
  settledAt: undefined,
  movedTo: undefined,
} as const

/** The rules may hand over a whole record; its sealed content never changes. */
function onlyProgress(from: MeteringRecord | object): Partial<MeteringRecord> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name in sealedNow))
}

export function readingName({ reading, ...open }: ReadingRow): string {
  return JSON.stringify([openName(open), reading.tags, reading.key])
}

export function cursorName({ resource, source, series }: CursorKey): string {
  return JSON.stringify([resource, source, series])
}

/** Without the region: a book is of one. */
export function registrationName(
  customer: string,
  identity: Registration['identity'] | undefined,
): string {
  return JSON.stringify([customer, identity?.form, identity?.value])
}

export function openName({ account, resource, hour }: OpenAccountHour): string {
  return JSON.stringify([account.name, resource, hour])
}

export function heldName({ reason, ...open }: HeldKey): string {
  return `${reason}|${openName(open)}`
}

export function closedName(slot: string, hour: number): string {
  return `${hour}|${slot}`
}

export function lateName({ dimension, hour }: { dimension: string; hour: number }): string {
  return `${hour}|${dimension}`
}

/** From when on the time of a key counts. */
export function keptFrom({ createdAt, keptLongerMs = 0 }: NewClaim): number {
  return createdAt + keptLongerMs
}

export function noteName(resource: string, name: string): string {
  return JSON.stringify([resource, name])
}
