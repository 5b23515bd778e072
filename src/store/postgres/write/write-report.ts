import type { Changes } from '../../changes.ts'
import type { Database } from '../connection/database.ts'
import { LeaseMissing, type Lease } from '../lease.ts'
import type { Names } from '../names.ts'
import { claimColumns, insertClaimsSql, roomOfClaims } from './write-claims.ts'

/** Whether these are only reports, for which one statement is enough. */
export function isReport(changes: Changes): boolean {
  const { accounts, records, resealed, senders, forget, owner } = changes
  const others = [
    changes.registrations,
    changes.emptied,
    changes.released,
    changes.held,
    changes.voided,
    changes.newRecords,
    changes.lateUsage,
    changes.notes,
  ]
  return (
    others.every(({ length }) => length === 0) &&
    changes.licences.size === 0 &&
    records.size === 0 &&
    resealed.size === 0 &&
    senders.size === 0 &&
    forget === undefined &&
    owner === undefined &&
    changes.readings === undefined &&
    changes.cursors === undefined &&
    accounts.every(({ fraction }) => fraction === undefined)
  )
}

/**
 * Writes reports, the keys, sums and open hours of a whole group, in one statement that is its own
 * transaction. Throws LeaseMissing, and what PostgreSQL says of a key that is there already.
 */
export async function writeReport(
  database: Pick<Database, 'prepared'>,
  { accounts, added, claims }: Changes,
  names: Names,
  lease: Lease,
): Promise<void> {
  const counts = accounts
    .filter(({ reported }) => reported !== 0n)
    .map(({ account, reported }) => ({ id: names.accountId(account) ?? 0, micro: reported }))
    .toSorted((a, b) => a.id - b.id)
  const cells = added
    .flatMap(({ account, hour, added: sums }) => {
      const id = names.accountId(account) ?? 0
      return [...sums].map(([tags, micro]) => ({ id, hour, tags, micro }))
    })
    .toSorted((a, b) => a.id - b.id || a.hour - b.hour || (a.tags < b.tags ? -1 : 1))
  const values: unknown[] = [...lease.countValues]
  /** The place of a value in the statement, with the type of an array. */
  const array = (type: string, items: readonly unknown[]) => `$${values.push(items)}::${type}[]`
  const keyBytes = claims.length === 0 ? undefined : `$${values.push(roomOfClaims(claims))}::bigint`
  const parts = [`counted AS (${lease.countSql(keyBytes)} RETURNING resource_id)`]
  if (claims.length > 0)
    parts.push(
      `claimed AS (${insertClaimsSql(
        claimColumns(claims).map(([type, items]) => array(type, items)),
        'counted',
      )})`,
    )
  if (counts.length > 0)
    parts.push(`reports AS (
      INSERT INTO marketplace_sidecar.reported (resource_id, account_id, micro)
      SELECT counted.resource_id, n.* FROM counted, unnest(${array(
        'int',
        counts.map(({ id }) => id),
      )}, ${array(
        'numeric',
        counts.map(({ micro }) => String(micro)),
      )}) AS n
      ON CONFLICT (resource_id, account_id) DO UPDATE SET micro = reported.micro + excluded.micro)`)
  if (cells.length > 0)
    parts.push(`opened AS (
      INSERT INTO marketplace_sidecar.open (resource_id, account_id, hour, tags, micro)
      SELECT counted.resource_id, n.* FROM counted, unnest(${array(
        'int',
        cells.map(({ id }) => id),
      )}, ${array(
        'bigint',
        cells.map(({ hour }) => hour),
      )}, ${array(
        'text',
        cells.map(({ tags }) => tags),
      )}, ${array(
        'numeric',
        cells.map(({ micro }) => String(micro)),
      )}) AS n
      ON CONFLICT (resource_id, account_id, hour, tags)
      DO UPDATE SET micro = open.micro + excluded.micro)`)
  const rows = await database.prepared(`WITH ${parts.join(', ')} SELECT FROM counted`, values)
  if (rows.length === 0) throw new LeaseMissing()
}
