import { slotName } from '../../../metering/slot.ts'
import { heldReasonOf } from '../../../metering/held.ts'
import { keyOfToken, receiptsOfText } from '../../claim-row.ts'
import type { Row, Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import { selectRecords, unsentSql, wholeRecords } from '../record-rows.ts'
import type { Scope } from '../scope.ts'
import { isSharedSql, leftSql, sharedRoleOf } from '../shared-usage.ts'
import { loadCustomers } from './load-customers.ts'
import { heldHourName, hourName, type HeldHourRows, type Loaded } from './loaded.ts'
import { loadOpen } from './load-open.ts'
import { loadMeanings } from './load-meanings.ts'
import { loadReadings } from './load-readings.ts'
import { loadWaiting } from './load-waiting.ts'
import { all } from './shelf.ts'
import { hasMoreToForget } from '../write/forget.ts'
import { bytesOfAllClaims } from '../write/write-claims.ts'

/** How many dead tasks or pods one transaction takes over. */
const takenOverAtOnce = 20

/** Loads what the rules asked for. Rows that a transaction may change are locked, in one order. */
export class Loader {
  readonly #names: Names
  readonly #scope: Scope | undefined

  constructor(names: Names, scope: Scope | undefined) {
    this.#names = names
    this.#scope = scope
  }

  /** What needs no lock, on any connection. */
  async loadLasting(session: Session, loaded: Loaded): Promise<void> {
    const { closed, heldNames, keyBytes, reported, tags } = loaded.lasting
    if (closed.isWaiting) await this.#loadClosed(session, closed)
    if (heldNames.isWaiting) await this.#loadHeldNames(session, heldNames)
    if (keyBytes.isWaiting) keyBytes.put(all, await bytesOfAllClaims(session))
    if (reported.isWaiting) await this.#loadReported(session, reported)
    if (tags.isWaiting) await this.#loadTags(session, tags)
  }

  /** All that is missing, inside a transaction. */
  async load(session: Session, loaded: Loaded): Promise<void> {
    const of = loaded.ofTransaction
    if (of.abandoned.isWaiting) {
      await this.#loadAbandoned(session, of.abandoned)
      // They are in view from now on.
      for (const shelf of [of.openHours, of.openHoursOf, of.sealable]) shelf.clear()
      of.unsent.clear()
      of.openReadingHours.clear()
    }
    const scope = await this.#resourcesInView(session, loaded)
    if (of.sharedRole.isWaiting) of.sharedRole.put(all, await sharedRoleOf(session, this.#scope))
    if (of.claims.isWaiting) await this.#loadClaims(session, of.claims)
    if (of.accounts.isWaiting) of.accounts.put(all, await this.#names.allAccounts(session))
    await loadMeanings(session, this.#names, of, this.#scope)
    await loadOpen(session, this.#names, of, { scope: this.#scope, resources: scope })
    if (of.fractions.isWaiting) await this.#loadFractions(session, of.fractions)
    if (of.unsent.isWaiting) await this.#loadUnsent(session, of.unsent, scope)
    await loadWaiting(session, this.#names, of, { scope: this.#scope, resources: scope })
    if (of.records.isWaiting) await this.#loadRecords(session, of.records)
    if (of.held.isWaiting) await this.#loadHeld(session, of.held)
    await loadReadings(session, this.#names, of, scope)
    await loadCustomers(session, this.#names, of)
    await this.#loadLittle(session, of)
    await this.loadLasting(session, loaded)
  }

  /** The ids of the tasks or pods whose usage is in view; null for all. */
  async #resourcesInView(session: Session, loaded: Loaded): Promise<readonly number[] | null> {
    if (this.#scope === undefined) return null
    const abandoned = loaded.ofTransaction.abandoned.peek(all) ?? []
    await this.#names.findResources(session, abandoned)
    return [this.#scope.id, ...abandoned.map((each) => this.#names.resourceId(each) ?? 0)]
  }

  async #loadAbandoned(
    session: Session,
    shelf: Loaded['ofTransaction']['abandoned'],
  ): Promise<void> {
    if (this.#scope === undefined) return shelf.put(all, [])
    const rows = await session.query(
      `SELECT resource_id FROM marketplace_sidecar.lease
       WHERE resource_id <> $1 AND (incarnation IS NULL OR until < clock_timestamp()) AND (${leftSql})
       ORDER BY resource_id LIMIT ${takenOverAtOnce} FOR NO KEY UPDATE SKIP LOCKED`,
      [this.#scope.id],
    )
    await this.#names.learn(session, rows)
    shelf.put(
      all,
      rows.map((row) => this.#names.resource(row['resource_id'] as number)),
    )
  }

  async #loadClaims(session: Session, shelf: Loaded['ofTransaction']['claims']): Promise<void> {
    const tokens = new Map(
      [...shelf.asked.keys()].map((token) => [keyOfToken(token).toString('hex'), token]),
    )
    const rows = await session.query(
      `SELECT encode(key, 'hex') AS key, digest, receipts FROM marketplace_sidecar.idempotency
       WHERE key = ANY($1::bytea[])`,
      [[...tokens.keys()].map((key) => Buffer.from(key, 'hex'))],
    )
    for (const token of tokens.values()) shelf.put(token, undefined)
    for (const row of rows)
      shelf.put(tokens.get(String(row['key'])) ?? '', {
        digest: row['digest'] as Uint8Array,
        receipts: receiptsOfText(String(row['receipts'])),
      })
  }

  async #loadClosed(session: Session, shelf: Loaded['lasting']['closed']): Promise<void> {
    const asked = [...shelf.asked.values()]
    await this.#names.findSlots(
      session,
      asked.map(({ slot }) => slot),
    )
    const known = asked.map(({ slot, from }) => ({ id: this.#names.slotId(slot) ?? 0, from }))
    const rows = await session.query(
      `SELECT slot_id, hour FROM marketplace_sidecar.record
       JOIN unnest($1::int[], $2::bigint[]) AS n(s, h) ON slot_id = s AND hour >= h`,
      [known.map(({ id }) => id), known.map(({ from }) => from)],
    )
    for (const { slot, from } of asked) {
      const id = this.#names.slotId(slot)
      const own = rows.filter((row) => row['slot_id'] === id)
      const hours = new Set(own.map((row) => row['hour'] as number))
      shelf.put(slotName(slot), { from, hours })
    }
  }

  async #loadHeldNames(session: Session, shelf: Loaded['lasting']['heldNames']): Promise<void> {
    const rows = await session.query(
      `SELECT DISTINCT account_id, resource_id, hour FROM marketplace_sidecar.held
       WHERE $1::int IS NULL OR resource_id = $1 OR ${isSharedSql}`,
      [this.#scope?.id],
    )
    await this.#names.learn(session, rows)
    shelf.put(all, new Set(rows.map((row) => heldHourName(this.#hourOf(row)))))
  }

  async #loadReported(session: Session, shelf: Loaded['lasting']['reported']): Promise<void> {
    const accounts = [...shelf.asked.values()]
    await this.#names.findAccounts(session, accounts)
    const rows = await session.query(
      `SELECT account_id, SUM(micro) AS micro FROM marketplace_sidecar.reported
       WHERE account_id = ANY($1::int[]) GROUP BY account_id`,
      [accounts.flatMap((account) => this.#names.accountId(account) ?? [])],
    )
    for (const { name } of accounts) shelf.put(name, 0n)
    for (const row of rows)
      shelf.put(this.#names.account(row['account_id'] as number).name, row['micro'] as bigint)
  }

  async #loadTags(session: Session, shelf: Loaded['lasting']['tags']): Promise<void> {
    const hours = [...shelf.asked.values()]
    await this.#names.findAccounts(
      session,
      hours.map(({ account }) => account),
    )
    await this.#names.findResources(
      session,
      hours.map(({ resource }) => resource),
    )
    for (const open of hours) {
      const rows = await session.query(
        'SELECT tags FROM marketplace_sidecar.open WHERE resource_id = $1 AND account_id = $2 AND hour = $3',
        [this.#names.resourceId(open.resource), this.#names.accountId(open.account), open.hour],
      )
      shelf.put(hourName(open), new Set(rows.map((row) => String(row['tags']))))
    }
  }

  async #loadFractions(
    session: Session,
    shelf: Loaded['ofTransaction']['fractions'],
  ): Promise<void> {
    const accounts = [...shelf.asked.values()]
    await this.#names.findAccounts(session, accounts)
    const rows = await session.query(
      `SELECT id, fraction FROM marketplace_sidecar.account WHERE id = ANY($1::int[])
       ORDER BY id FOR NO KEY UPDATE`,
      [accounts.flatMap((account) => this.#names.accountId(account) ?? [])],
    )
    for (const { name } of accounts) shelf.put(name, 0n)
    for (const row of rows)
      shelf.put(this.#names.account(row['id'] as number).name, row['fraction'] as bigint)
  }

  async #loadUnsent(
    session: Session,
    shelf: Loaded['ofTransaction']['unsent'],
    scope: readonly number[] | null,
  ): Promise<void> {
    for (const [name, after] of shelf.asked) {
      const rows = await session.query(
        `${selectRecords} WHERE record.state IN ${unsentSql} AND record.hour > $2
           AND ($1::int[] IS NULL OR record.resource_id = ANY($1))
         ORDER BY record.hour, record.id FOR NO KEY UPDATE OF record`,
        [scope, after],
      )
      shelf.put(name, await wholeRecords(session, this.#names, rows))
    }
  }

  async #loadRecords(session: Session, shelf: Loaded['ofTransaction']['records']): Promise<void> {
    const ids = [...shelf.asked.values()]
    const rows = await session.query(
      `${selectRecords} WHERE record.id = ANY($1::bigint[]) ORDER BY record.id FOR NO KEY UPDATE OF record`,
      [ids],
    )
    for (const id of ids) shelf.put(String(id), undefined)
    for (const record of await wholeRecords(session, this.#names, rows))
      shelf.put(String(record.id), record)
  }

  /** What other tasks and pods hold that are gone is in view too: no other one could decide about it. */
  async #loadHeld(session: Session, shelf: Loaded['ofTransaction']['held']): Promise<void> {
    const rows = await session.query(
      `SELECT * FROM marketplace_sidecar.held
       WHERE $1::int IS NULL OR resource_id = $1 OR ${isSharedSql} OR resource_id NOT IN (
         SELECT resource_id FROM marketplace_sidecar.lease
         WHERE incarnation IS NOT NULL AND until >= clock_timestamp())
       ORDER BY id FOR NO KEY UPDATE`,
      [this.#scope?.id],
    )
    await this.#names.learn(session, rows)
    const hours = new Map<string, HeldHourRows>()
    for (const row of rows) {
      const open = this.#hourOf(row)
      const reason = heldReasonOf(String(row['reason']))
      const name = `${reason}|${hourName(open)}`
      const before = hours.get(name)
      const cell = { tags: String(row['tags']), quantity: row['micro'] as bigint }
      const since = Math.min(before?.hour.since ?? Infinity, row['since'] as number)
      hours.set(name, {
        hour: { ...open, reason, id: before?.hour.id ?? (row['id'] as number), since },
        cells: [...(before?.cells ?? []), cell].toSorted((a, b) => (a.tags < b.tags ? -1 : 1)),
      })
    }
    const byHour = [...hours].toSorted(
      ([, a], [, b]) => a.hour.hour - b.hour.hour || a.hour.id - b.hour.id,
    )
    shelf.put(all, new Map(byHour))
  }

  /** What is one value each. */
  async #loadLittle(session: Session, of: Loaded['ofTransaction']): Promise<void> {
    if (of.owner.isWaiting) of.owner.put(all, this.#scope?.resource ?? (await ownerOf(session)))
    for (const [name, id] of of.meteringIds.asked) {
      const [row] = await session.query(
        'SELECT min(id) AS id FROM marketplace_sidecar.record WHERE lower(metering_record_id) = lower($1)',
        [id],
      )
      of.meteringIds.put(name, (row?.['id'] as number | null) ?? undefined)
    }
    if (of.notes.isWaiting) await this.#loadNotes(session, of.notes)
    for (const [name, { dimension, hour }] of of.late.asked) {
      const [row] = await session.query(
        `SELECT SUM(micro) AS micro FROM marketplace_sidecar.late_usage
         WHERE dimension = $1 AND hour = $2 AND ($3::int IS NULL OR resource_id = $3)`,
        [dimension, hour, this.#scope?.id],
      )
      of.late.put(name, (row?.['micro'] as bigint | null) ?? 0n)
    }
    for (const [name, retention] of of.forgettable.asked)
      of.forgettable.put(name, await hasMoreToForget(session, retention))
  }

  async #loadNotes(session: Session, shelf: Loaded['ofTransaction']['notes']): Promise<void> {
    const asked = [...shelf.asked]
    const rows = await session.query(
      `SELECT identity, name, value FROM marketplace_sidecar.note
       JOIN marketplace_sidecar.resource ON id = resource_id
       JOIN unnest($1::text[], $2::text[]) AS n(i, x) ON (identity, name) = (i, x)`,
      [asked.map(([, { resource }]) => resource), asked.map(([, note]) => note.name)],
    )
    const found = new Map(
      rows.map((row) => [JSON.stringify([row['identity'], row['name']]), String(row['value'])]),
    )
    for (const [name, note] of asked)
      shelf.put(name, found.get(JSON.stringify([note.resource, note.name])))
  }

  #hourOf(row: Row) {
    return {
      account: this.#names.account(row['account_id'] as number),
      resource: this.#names.resource(row['resource_id'] as number),
      hour: row['hour'] as number,
    }
  }
}

/** In whose name an operator decides: a task or pod that is at work, else the one that was named last. */
export async function ownerOf(session: Session): Promise<string | undefined> {
  const [row] = await session.query(
    `SELECT coalesce(
       (SELECT identity FROM marketplace_sidecar.lease
        JOIN marketplace_sidecar.resource ON id = resource_id
        WHERE incarnation IS NOT NULL AND until > clock_timestamp() ORDER BY until DESC LIMIT 1),
       (SELECT value FROM marketplace_sidecar.meta WHERE name = 'owner'),
       (SELECT identity FROM marketplace_sidecar.resource ORDER BY id DESC LIMIT 1)) AS identity`,
  )
  return (row?.['identity'] as string | null) ?? undefined
}
