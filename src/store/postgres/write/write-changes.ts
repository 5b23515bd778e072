import { accountOf, type Account } from '../../../metering/account.ts'
import type { Changes } from '../../changes.ts'
import type { Session } from '../connection/database.ts'
import { forget } from './forget.ts'
import type { Names } from '../names.ts'
import { namesInReadings, writeReadings } from '../readings.ts'
import { hourName, type Loaded } from '../view/loaded.ts'
import { all } from '../view/shelf.ts'
import type { Scope } from '../scope.ts'
import { ownerOf } from '../view/loader.ts'
import { writeClaims } from './write-claims.ts'
import { insertRecords, updateRecords, updateSenders } from './write-records.ts'

/** Writes what the rules decided, one statement for each kind of row; inside a transaction only. */
export class ChangeWriter {
  readonly #names: Names
  readonly #scope: Scope | undefined

  constructor(names: Names, scope: Scope | undefined) {
    this.#names = names
    this.#scope = scope
  }

  /** Returns the ids of the new records, in their order. */
  async write(session: Session, changes: Changes, loaded: Loaded): Promise<number[]> {
    const names = this.#names
    const { owner, newRecords, claims } = changes
    if (owner !== undefined) await this.#writeOwner(session, owner)
    await this.#writeRegistrations(session, changes)
    if (changes.licences.size > 0) await this.#writeLicences(session, changes)
    const read = namesInReadings(changes)
    await names.findResources(session, [...resourcesIn(changes), ...read.resources])
    await names.makeAccounts(session, [...accountsIn(changes), ...read.accounts])
    if (newRecords.length > 0)
      await names.makeSlots(
        session,
        newRecords.map(({ slot }) => slot),
      )
    await this.#writeAccounts(session, changes)
    await this.#writeOpen(session, changes, loaded)
    await this.#writeHeld(session, changes)
    await writeReadings(session, changes, names)
    const ids = newRecords.length > 0 ? await insertRecords(session, newRecords, names) : []
    await updateRecords(session, changes)
    if (changes.senders.size > 0) await updateSenders(session, changes.senders, names)
    if (claims.length > 0) await writeClaims(session, claims, await this.#ownId(session))
    await this.#writeLate(session, changes)
    await this.#writeNotes(session, changes)
    if (changes.forget !== undefined) await forget(session, changes.forget)
    await this.#endLeases(session, loaded.ofTransaction.abandoned.peek(all) ?? [])
    return ids
  }

  async #writeOwner(
    session: Session,
    { identity, firstSeenAt }: NonNullable<Changes['owner']>,
  ): Promise<void> {
    await this.#names.makeResource(session, identity, firstSeenAt)
    await session.query(
      `INSERT INTO marketplace_sidecar.meta VALUES ('owner', $1)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [identity],
    )
  }

  async #writeRegistrations(session: Session, { registrations }: Changes): Promise<void> {
    for (const { customer, identity, names, ...row } of registrations)
      await session.query(
        `INSERT INTO marketplace_sidecar.registration AS known (customer, form, identity, region,
           aws_account, license_arn, identifier, created_at, starts_at, ended_at, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (customer, form, identity) DO UPDATE SET region = excluded.region,
           aws_account = excluded.aws_account, license_arn = excluded.license_arn,
           identifier = excluded.identifier, created_at = excluded.created_at,
           starts_at = excluded.starts_at,
           ended_at = excluded.ended_at, deleted_at = excluded.deleted_at`,
        [
          customer,
          identity.form,
          identity.value,
          identity.region,
          names.accountId,
          names.licenseArn,
          names.identifier,
          row.createdAt,
          row.startsAt,
          row.endedAt,
          row.deletedAt,
        ],
      )
  }

  async #writeLicences(session: Session, { licences }: Changes): Promise<void> {
    const states = [...licences.values()]
    await session.query(
      `INSERT INTO marketplace_sidecar.licence (name, at, ended)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[])
       ON CONFLICT (name) DO UPDATE SET at = excluded.at, ended = excluded.ended`,
      [[...licences.keys()], states.map(({ at }) => at), states.map(({ ended }) => ended)],
    )
  }

  async #writeAccounts(session: Session, { accounts }: Changes): Promise<void> {
    const reported = accounts.filter((each) => each.reported !== 0n)
    if (reported.length > 0)
      await session.query(
        `INSERT INTO marketplace_sidecar.reported (resource_id, account_id, micro)
         SELECT $1, a, m FROM unnest($2::int[], $3::numeric[]) AS n(a, m) ORDER BY a
         ON CONFLICT (resource_id, account_id) DO UPDATE SET micro = reported.micro + excluded.micro`,
        [
          await this.#ownId(session),
          reported.map(this.#accountIdOf),
          reported.map((each) => String(each.reported)),
        ],
      )
    const fractions = accounts.filter((each) => each.fraction !== undefined)
    if (fractions.length > 0)
      await session.query(
        `UPDATE marketplace_sidecar.account SET fraction = f
         FROM unnest($1::int[], $2::numeric[]) AS n(a, f) WHERE id = a`,
        [fractions.map(this.#accountIdOf), fractions.map((each) => String(each.fraction))],
      )
  }

  async #writeOpen(session: Session, { emptied, added }: Changes, loaded: Loaded): Promise<void> {
    const { cells: seen } = loaded.ofTransaction
    // Only what the rules have seen: usage that another session adds meanwhile stays.
    const gone = emptied.flatMap((each) =>
      (seen.peek(hourName(each)) ?? []).map(({ tags }) => ({ ...each, tags })),
    )
    if (gone.length > 0)
      await session.query(
        `DELETE FROM marketplace_sidecar.open USING unnest($1::int[], $2::int[], $3::bigint[], $4::text[])
           AS n(r, a, h, t)
         WHERE (resource_id, account_id, hour, tags) = (r, a, h, t COLLATE "C")`,
        [
          gone.map(this.#resourceIdOf),
          gone.map(this.#accountIdOf),
          gone.map(hourOf),
          gone.map((each) => each.tags),
        ],
      )
    const unseen = emptied.filter((each) => seen.peek(hourName(each)) === undefined)
    if (unseen.length > 0)
      await session.query(
        `DELETE FROM marketplace_sidecar.open USING unnest($1::int[], $2::int[], $3::bigint[]) AS n(r, a, h)
         WHERE (resource_id, account_id, hour) = (r, a, h)`,
        [unseen.map(this.#resourceIdOf), unseen.map(this.#accountIdOf), unseen.map(hourOf)],
      )
    const cells = added.flatMap(({ added: sums, ...each }) =>
      [...sums].map(([tags, micro]) => ({ ...each, tags, micro })),
    )
    if (cells.length > 0)
      await session.query(
        `INSERT INTO marketplace_sidecar.open (resource_id, account_id, hour, tags, micro)
         SELECT r, a, h, t, m
         FROM unnest($1::int[], $2::int[], $3::bigint[], $4::text[], $5::numeric[]) AS n(r, a, h, t, m)
         ORDER BY r, a, h, t COLLATE "C"
         ON CONFLICT (resource_id, account_id, hour, tags) DO UPDATE SET micro = open.micro + excluded.micro`,
        [
          cells.map(this.#resourceIdOf),
          cells.map(this.#accountIdOf),
          cells.map(hourOf),
          cells.map((each) => each.tags),
          cells.map((each) => String(each.micro)),
        ],
      )
  }

  async #writeHeld(session: Session, { released, held, voided }: Changes): Promise<void> {
    if (released.length > 0)
      await session.query(
        `DELETE FROM marketplace_sidecar.held USING unnest($1::int[], $2::int[], $3::bigint[], $4::text[])
           AS n(r, a, h, w)
         WHERE (resource_id, account_id, hour, reason) = (r, a, h, w)`,
        [
          released.map(this.#resourceIdOf),
          released.map(this.#accountIdOf),
          released.map(hourOf),
          released.map((each) => each.reason),
        ],
      )
    const cells = held.flatMap(({ added: sums, ...each }) =>
      [...sums].map(([tags, micro]) => ({ ...each, tags, micro })),
    )
    if (cells.length > 0)
      await session.query(
        `INSERT INTO marketplace_sidecar.held (resource_id, account_id, hour, tags, micro, reason, since)
         SELECT r, a, h, t, m, w, s FROM unnest($1::int[], $2::int[], $3::bigint[], $4::text[], $5::numeric[],
           $6::text[], $7::bigint[]) WITH ORDINALITY AS n(r, a, h, t, m, w, s, o) ORDER BY o
         ON CONFLICT (resource_id, account_id, hour, tags, reason)
         DO UPDATE SET micro = held.micro + excluded.micro`,
        [
          cells.map(this.#resourceIdOf),
          cells.map(this.#accountIdOf),
          cells.map(hourOf),
          cells.map((each) => each.tags),
          cells.map((each) => String(each.micro)),
          cells.map((each) => each.reason),
          cells.map((each) => each.since),
        ],
      )
    for (const each of voided)
      await session.query(
        `INSERT INTO marketplace_sidecar.void (account_id, record_id, hour, tags, micro, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          this.#accountIdOf(each),
          each.recordId,
          each.hour,
          each.tags,
          String(each.quantity),
          each.reason,
          each.at,
        ],
      )
  }

  async #writeLate(session: Session, { lateUsage }: Changes): Promise<void> {
    for (const { dimension, hour, quantity } of lateUsage)
      await session.query(
        `INSERT INTO marketplace_sidecar.late_usage VALUES ($1, $2, $3, $4)
         ON CONFLICT (resource_id, hour, dimension) DO UPDATE SET micro = excluded.micro`,
        [await this.#ownId(session), hour, dimension, String(quantity)],
      )
  }

  async #writeNotes(session: Session, { notes }: Changes): Promise<void> {
    for (const { resource, name, value } of notes)
      await session.query(
        value === undefined
          ? 'DELETE FROM marketplace_sidecar.note WHERE resource_id = $1 AND name = $2'
          : `INSERT INTO marketplace_sidecar.note VALUES ($1, $2, $3)
             ON CONFLICT (resource_id, name) DO UPDATE SET value = excluded.value`,
        [this.#resourceIdOf({ resource }), name, ...(value === undefined ? [] : [value])],
      )
  }

  /** What these had left is taken over: should one of them come back, it learns of it. */
  async #endLeases(session: Session, resources: readonly string[]): Promise<void> {
    if (resources.length === 0) return
    await session.query(
      'UPDATE marketplace_sidecar.lease SET incarnation = NULL WHERE resource_id = ANY($1::int[])',
      [resources.map((resource) => this.#resourceIdOf({ resource }))],
    )
  }

  /** Whose sums these are, where a change does not say so. */
  async #ownId(session: Session): Promise<number> {
    const resource = this.#scope?.resource ?? (await ownerOf(session)) ?? ''
    await this.#names.findResources(session, [resource])
    return this.#resourceIdOf({ resource })
  }

  readonly #accountIdOf = ({ account }: { readonly account: Account }): number => {
    const id = this.#names.accountId(account)
    if (id === undefined) throw new TypeError(`${account.name} has no row`)
    return id
  }

  readonly #resourceIdOf = ({ resource }: { readonly resource: string }): number => {
    const id = this.#names.resourceId(resource)
    if (id === undefined) throw new TypeError(`${resource} does not own the book`)
    return id
  }
}

function hourOf({ hour }: { readonly hour: number }): number {
  return hour
}

function resourcesIn({
  emptied,
  added,
  released,
  held,
  newRecords,
  senders,
  notes,
}: Changes): string[] {
  const rows = [...emptied, ...added, ...released, ...held, ...newRecords, ...notes]
  return [...new Set([...rows.map(({ resource }) => resource), ...senders.values()])]
}

function accountsIn({
  accounts,
  emptied,
  added,
  released,
  held,
  voided,
  newRecords,
}: Changes): Account[] {
  const rows = [...accounts, ...emptied, ...added, ...released, ...held, ...voided]
  return [
    ...rows.map(({ account }) => account),
    ...newRecords.flatMap(({ content }) => content.parts.map((part) => accountOf(part.account))),
  ]
}
