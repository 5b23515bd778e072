import { withClient } from './with-client.ts'

/** What a shared ledger holds of a customer and dimension, in AWS's units, which are the application's here. */
export interface CustomerSums {
  readonly name: string
  readonly reported: number
  /** Open, and below a unit. */
  readonly kept: number
  readonly accepted: number
  readonly unresolved: number
}

const inState = (state: string) =>
  `coalesce((SELECT sum(part.quantity) FROM marketplace_sidecar.record_part AS part
     JOIN marketplace_sidecar.record ON record.id = record_id
     WHERE account_id = account.id AND state = '${state}'), 0)`

const micro = (table: string) =>
  `coalesce((SELECT sum(micro) FROM marketplace_sidecar.${table} WHERE account_id = account.id), 0)`

/** Reads it without the ledger's own code. */
export async function readReplicaBook(url: string) {
  return withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { rows: sums } = await client.query<CustomerSums>(
      `SELECT customer || '/' || dimension AS name, (sum(${micro('reported')}) / 1e6)::float AS reported,
              (sum(${micro('open')} + fraction) / 1e6)::float AS kept,
              (sum(${inState('accepted')}) / 1e6)::float AS accepted,
              (sum(${inState('unresolved')}) / 1e6)::float AS unresolved
       FROM marketplace_sidecar.account
       JOIN marketplace_sidecar.registration ON registration.id = registration_id GROUP BY 1`,
    )
    const { rows: states } = await client.query<{ state: string; records: number }>(
      'SELECT state, count(*)::int AS records FROM marketplace_sidecar.record GROUP BY state',
    )
    return { sums, states: new Map(states.map(({ state, records }) => [state, records])) }
  })
}

/** The task or pod that has records which AWS has not accepted when it was asked, if there is one. */
export function findRefused(url: string): Promise<string | undefined> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ identity: string }>(
      `SELECT identity FROM marketplace_sidecar.record
       JOIN marketplace_sidecar.resource ON resource.id = resource_id
       WHERE state = 'sealed' AND attempts > 0 AND NOT in_flight AND NOT ambiguous LIMIT 1`,
    )
    return rows[0]?.identity
  })
}

/** Whether nothing is left that could be sealed or sent. */
export function isAllBilled(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(
      `SELECT 1 FROM marketplace_sidecar.open JOIN marketplace_sidecar.account ON account.id = account_id
       JOIN marketplace_sidecar.registration ON registration.id = registration_id
       WHERE form <> 'unregistered'
       UNION ALL SELECT 1 FROM marketplace_sidecar.record WHERE state IN ('sealed', 'sending') LIMIT 1`,
    )
    return rows.length === 0
  })
}
