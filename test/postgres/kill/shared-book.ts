import { withClient } from './with-client.ts'

export interface SharedRecord {
  readonly id: number
  readonly resource: string
  readonly dimension: string
  readonly hour: number
  readonly quantity: number
  readonly state: string
  readonly meteringRecordId: string | null
}

/** What a shared ledger holds, read without the ledger's own code. Micro-units by dimension. */
export interface SharedBook {
  readonly reported: ReadonlyMap<string, bigint>
  readonly open: ReadonlyMap<string, bigint>
  readonly fraction: ReadonlyMap<string, bigint>
  readonly records: readonly SharedRecord[]
}

export async function readSharedBook(url: string): Promise<SharedBook> {
  return withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const sums = async (sql: string) => {
      const { rows } = await client.query<{ dimension: string; micro: string }>(sql)
      return new Map(rows.map(({ dimension, micro }) => [dimension, BigInt(micro)]))
    }
    const of = (table: string) =>
      sums(
        `SELECT dimension, SUM(micro)::text AS micro FROM marketplace_sidecar.${table}
         JOIN marketplace_sidecar.account ON account.id = account_id GROUP BY dimension`,
      )
    const { rows } = await client.query<Record<string, string | null>>(
      `SELECT record.id, identity, dimension, hour, quantity / 1000000 AS quantity, state, metering_record_id
       FROM marketplace_sidecar.record JOIN marketplace_sidecar.slot ON slot.id = slot_id
       JOIN marketplace_sidecar.resource ON resource.id = resource_id ORDER BY record.id`,
    )
    return {
      reported: await of('reported'),
      open: await of('open'),
      fraction: await sums(
        'SELECT dimension, SUM(fraction)::text AS micro FROM marketplace_sidecar.account GROUP BY dimension',
      ),
      records: rows.map((row) => ({
        id: Number(row['id']),
        resource: String(row['identity']),
        dimension: String(row['dimension']),
        hour: Number(row['hour']),
        quantity: Number(row['quantity']),
        state: String(row['state']),
        meteringRecordId: row['metering_record_id'] ?? null,
      })),
    }
  })
}

/** How many records of a task or pod are between their mark and their answer. */
export function countInFlight(url: string, resource: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ records: number }>(
      `SELECT count(*)::int AS records FROM marketplace_sidecar.record
       JOIN marketplace_sidecar.resource ON resource.id = resource_id
       WHERE identity = $1 AND in_flight AND state = 'sending'`,
      [resource],
    )
    return rows[0]?.records ?? 0
  })
}

/** Whether nothing is left that could be sealed or sent, whosever it is. */
export function isAllSent(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT 1 FROM marketplace_sidecar.open
       UNION ALL SELECT 1 FROM marketplace_sidecar.record WHERE state IN ('sealed', 'sending', 'refused') LIMIT 1`,
    )
    return rows.length === 0
  })
}

/** The task or pod that seals and sends what all share: the living one that was first; and how many calls it makes now. */
export function findSubmitter(
  url: string,
): Promise<{ readonly identity: string; readonly inFlight: number } | undefined> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ identity: string; inFlight: number }>(
      `SELECT identity,
         (SELECT count(*)::int FROM marketplace_sidecar.record
          WHERE record.resource_id = lease.resource_id AND in_flight AND state = 'sending') AS "inFlight"
       FROM marketplace_sidecar.lease JOIN marketplace_sidecar.resource ON resource.id = resource_id
       WHERE incarnation IS NOT NULL AND until > clock_timestamp() ORDER BY resource_id LIMIT 1`,
    )
    return rows[0]
  })
}
