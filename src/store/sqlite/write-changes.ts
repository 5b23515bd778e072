import type { DatabaseSync } from 'node:sqlite'
import { accountOf } from '../../metering/account.ts'
import type { Registration } from '../../metering/customer.ts'
import type { Changes, NewRecord, RecordProgress } from '../changes.ts'
import { onlyRow, toColumns } from './amount-columns.ts'
import { ClaimRows } from './claim-rows.ts'
import { CursorRows } from './cursor-rows.ts'
import { Forgetting } from './forgetting.ts'
import type { Names } from './names.ts'
import { ReadingRows } from './reading-rows.ts'
import { allocationsColumn } from '../record-row.ts'

/** Writes what the rules decided; inside a transaction only. */
export class ChangeWriter {
  readonly #names: Names
  readonly #readings: ReadingRows
  readonly #cursors: CursorRows
  readonly #report
  readonly #fraction
  readonly #empty
  readonly #add
  readonly #release
  readonly #hold
  readonly #void
  readonly #insert
  readonly #insertPart
  readonly #emptySum
  readonly #addSum
  readonly #progress
  readonly #reseal
  readonly #sender
  readonly #untag
  readonly #claims: ClaimRows
  readonly #late
  readonly #note
  readonly #removeNote
  readonly #resource
  readonly #owner
  readonly #register
  readonly #licence
  readonly #forget

  constructor(database: DatabaseSync, names: Names) {
    this.#names = names
    this.#readings = new ReadingRows(database, names)
    this.#cursors = new CursorRows(database, names)
    this.#report = database.prepare(
      `UPDATE account SET reported_whole = reported_whole + ?1 + (reported_micro + ?2) / 1000000,
                          reported_micro = (reported_micro + ?2) % 1000000 WHERE id = ?3`,
    )
    this.#fraction = database.prepare(
      'UPDATE account SET fraction_whole = ?, fraction_micro = ? WHERE id = ?',
    )
    this.#empty = database.prepare(
      'DELETE FROM open WHERE account_id = ? AND resource_id = ? AND hour = ?',
    )
    this.#add = database.prepare(
      `INSERT INTO open (account_id, resource_id, hour, tags, whole, micro)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET whole = whole + excluded.whole + (micro + excluded.micro) / 1000000,
                                 micro = (micro + excluded.micro) % 1000000`,
    )
    this.#emptySum = database.prepare(
      'DELETE FROM open_sum WHERE account_id = ? AND resource_id = ? AND hour = ?',
    )
    this.#addSum = database.prepare(
      `INSERT INTO open_sum (account_id, resource_id, hour, whole, micro) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET whole = whole + excluded.whole + (micro + excluded.micro) / 1000000,
                                 micro = (micro + excluded.micro) % 1000000`,
    )
    this.#release = database.prepare(
      'DELETE FROM held WHERE account_id = ? AND resource_id = ? AND hour = ? AND reason = ?',
    )
    this.#hold = database.prepare(
      `INSERT INTO held (account_id, resource_id, hour, tags, whole, micro, reason, since)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET whole = whole + excluded.whole + (micro + excluded.micro) / 1000000,
                                 micro = (micro + excluded.micro) % 1000000`,
    )
    this.#void = database.prepare(
      `INSERT INTO void (account_id, record_id, hour, tags, whole, micro, reason, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#insert = database.prepare(
      `INSERT INTO record (slot_id, hour, resource_id, timestamp, quantity, form, client_token, state,
                           sealed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'sealed', ?) RETURNING id`,
    )
    this.#insertPart = database.prepare('INSERT INTO record_part VALUES (?, ?, ?, ?)')
    this.#progress = database.prepare(
      `UPDATE record SET state = ?, attempts = ?, in_flight = ?, ambiguous = ?,
              metering_record_id = ?, last_code = ?, last_message = ?, first_attempt_at = ?,
              last_attempt_at = ?, settled_at = ?, moved_to = ? WHERE id = ?`,
    )
    this.#reseal = database.prepare(
      'UPDATE record SET timestamp = ?, client_token = ? WHERE id = ?',
    )
    this.#sender = database.prepare('UPDATE record SET resource_id = ? WHERE id = ?')
    this.#untag = database.prepare('UPDATE record_part SET allocations = NULL WHERE record_id = ?')
    this.#claims = new ClaimRows(database)
    this.#late = database.prepare(
      `INSERT INTO late_usage VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET whole = ?3, micro = ?4`,
    )
    this.#note = database.prepare(
      'INSERT INTO note VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?3',
    )
    this.#removeNote = database.prepare('DELETE FROM note WHERE resource_id = ? AND name = ?')
    this.#resource = database.prepare(
      'INSERT INTO resource (identity, first_seen) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    this.#owner = database.prepare(
      "INSERT INTO meta VALUES ('owner', ?1) ON CONFLICT DO UPDATE SET value = ?1",
    )
    this.#register = database.prepare(
      `INSERT INTO registration (customer, form, identity, region, aws_account, license_arn,
                                 identifier, created_at, starts_at, ended_at, deleted_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET region = excluded.region, aws_account = excluded.aws_account,
         license_arn = excluded.license_arn, identifier = excluded.identifier,
         created_at = excluded.created_at,
         starts_at = excluded.starts_at, ended_at = excluded.ended_at,
         deleted_at = excluded.deleted_at`,
    )
    this.#licence = database.prepare(
      'INSERT INTO licence VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = ?2, ended = ?3',
    )
    this.#forget = new Forgetting(database)
  }

  /** Returns the ids of the new records, in their order. */
  write(changes: Changes): number[] {
    if (changes.owner !== undefined) {
      this.#resource.run(changes.owner.identity, changes.owner.firstSeenAt)
      this.#owner.run(changes.owner.identity)
    }
    for (const registration of changes.registrations) this.#writeRegistration(registration)
    for (const [name, { at, ended }] of changes.licences) this.#licence.run(name, at, Number(ended))
    this.#writeAccounts(changes)
    this.#writeHeld(changes)
    if (changes.readings !== undefined) this.#readings.write(changes.readings)
    if (changes.cursors !== undefined) this.#cursors.write(changes.cursors)
    const ids = changes.newRecords.map((record) => this.#insertRecord(record))
    for (const [id, progress] of changes.records) this.#writeProgress(id, progress)
    for (const [id, { timestamp, clientToken, isUntagged }] of changes.resealed) {
      this.#reseal.run(timestamp, clientToken, id)
      if (isUntagged) this.#untag.run(id)
    }
    for (const [id, resource] of changes.senders)
      this.#sender.run(this.#names.ownerId(resource), id)
    this.#claims.insert(changes.claims)
    for (const { dimension, hour, quantity } of changes.lateUsage) {
      const { whole, micro } = toColumns(quantity)
      this.#late.run(hour, dimension, whole, micro)
    }
    for (const { resource, name, value } of changes.notes)
      if (value === undefined) this.#removeNote.run(this.#names.ownerId(resource), name)
      else this.#note.run(this.#names.ownerId(resource), name, value)
    if (changes.forget !== undefined) {
      this.#claims.forget(changes.forget.claimsBefore)
      this.#forget.forget(changes.forget)
      this.#readings.forget(changes.forget.readingsBefore)
    }
    return ids
  }

  #writeRegistration(registration: Registration): void {
    const { customer, identity, names, createdAt, startsAt } = registration
    this.#register.run(
      customer,
      identity.form,
      identity.value,
      identity.region,
      names.accountId ?? null,
      names.licenseArn ?? null,
      names.identifier ?? null,
      createdAt,
      startsAt,
      registration.endedAt ?? null,
      registration.deletedAt ?? null,
    )
  }

  #writeAccounts({ accounts, emptied, added }: Changes): void {
    for (const { account, reported, fraction } of accounts) {
      const id = this.#names.makeAccount(account)
      if (reported !== 0n) {
        const { whole, micro } = toColumns(reported)
        this.#report.run(whole, micro, id)
      }
      if (fraction !== undefined) {
        const { whole, micro } = toColumns(fraction)
        this.#fraction.run(whole, micro, id)
      }
    }
    for (const open of emptied) {
      const ids = this.#names.makeHour(open)
      this.#empty.run(...ids)
      this.#emptySum.run(...ids)
    }
    for (const open of added) {
      const cells = open.added
      const ids = this.#names.makeHour(open)
      let sum = 0n
      for (const [tags, quantity] of cells) {
        const { whole, micro } = toColumns(quantity)
        this.#add.run(...ids, tags, whole, micro)
        sum += quantity
      }
      if (cells.size === 0) continue
      const { whole, micro } = toColumns(sum)
      this.#addSum.run(...ids, whole, micro)
    }
  }

  #writeHeld({ released, held, voided }: Changes): void {
    for (const hour of released) this.#release.run(...this.#names.makeHour(hour), hour.reason)
    for (const hour of held) {
      const { reason, since, added } = hour
      const ids = this.#names.makeHour(hour)
      for (const [tags, quantity] of added) {
        const { whole, micro } = toColumns(quantity)
        this.#hold.run(...ids, tags, whole, micro, reason, since)
      }
    }
    for (const { account, recordId, hour, tags, quantity, reason, at } of voided) {
      const { whole, micro } = toColumns(quantity)
      const accountId = this.#names.makeAccount(account)
      this.#void.run(accountId, recordId ?? null, hour, tags, whole, micro, reason, at)
    }
  }

  #insertRecord({ slot, resource, content, sealedAt }: NewRecord): number {
    const { id: made } = onlyRow(
      this.#insert.get(
        this.#names.makeSlot(slot),
        content.hour,
        this.#names.ownerId(resource),
        content.timestamp,
        content.quantity,
        content.form,
        content.clientToken,
        sealedAt,
      ),
    )
    const id = Number(made)
    for (const { account, quantity, allocations } of content.parts)
      this.#insertPart.run(
        id,
        this.#names.makeAccount(accountOf(account)),
        quantity,
        allocationsColumn(allocations),
      )
    return id
  }

  #writeProgress(id: number, progress: RecordProgress): void {
    const { changes } = this.#progress.run(
      progress.state,
      progress.attempts,
      progress.inFlight ? 1 : 0,
      progress.ambiguous ? 1 : 0,
      progress.meteringRecordId ?? null,
      progress.lastCode ?? null,
      progress.lastMessage ?? null,
      progress.firstAttemptAt ?? null,
      progress.lastAttemptAt ?? null,
      progress.settledAt ?? null,
      progress.movedTo ?? null,
      id,
    )
    if (Number(changes) === 0) throw new TypeError(`there is no record ${id}`)
  }
}
