import { heldReasonOf } from '../../metering/held.ts'
import { customerHolder } from '../../metering/slot.ts'
import type { CustomerSummary, CustomerUsage } from '../customer-summary.ts'
import { summaryWindowMs, type Billed } from '../summary.ts'
import type { Row, Session } from './connection/database.ts'
import { summaryOf } from '../record-row.ts'
import { selectSummaries, unsentSql } from './record-rows.ts'
import { registrationOf } from '../registration-row.ts'
import { isNamed } from './view/load-customers.ts'

const accountsOf = (customer: string) => `SELECT account.id FROM marketplace_sidecar.account
  JOIN marketplace_sidecar.registration ON registration.id = registration_id
  WHERE customer = ${customer}`
const accountsOfCustomer = accountsOf('$1')

/** The customers, after `after` in the order of their keys. */
export async function customersOf(
  session: Session,
  after: string,
  limit: number,
): Promise<CustomerSummary[]> {
  const rows = await session.query(
    `SELECT DISTINCT customer COLLATE "C" AS customer FROM marketplace_sidecar.registration
     WHERE customer COLLATE "C" > $1 AND customer <> ''
       AND ((${isNamed} AND deleted_at IS NULL) OR (form = 'unregistered' AND EXISTS
         (SELECT 1 FROM marketplace_sidecar.account
          JOIN marketplace_sidecar.open ON account_id = account.id
          WHERE registration_id = registration.id)))
     ORDER BY 1 LIMIT $2`,
    [after, limit],
  )
  const customers: CustomerSummary[] = []
  for (const row of rows) customers.push(await summaryOfCustomer(session, String(row['customer'])))
  return customers
}

/** Where the usage of a customer is; undefined for a key that has neither usage nor a registration. */
export async function customerUsage(
  session: Session,
  customer: string,
  now: number,
): Promise<CustomerUsage | undefined> {
  const summary = await summaryOfCustomer(session, customer)
  const open = await session.query(
    `SELECT dimension, hour, SUM(micro) AS micro FROM marketplace_sidecar.open
     JOIN marketplace_sidecar.account ON account.id = account_id
     WHERE account_id IN (${accountsOfCustomer})
     GROUP BY dimension, hour ORDER BY hour, dimension COLLATE "C"`,
    [customer],
  )
  if (summary.registration === undefined && open.length === 0) return undefined
  const held = await session.query(
    `SELECT min(held.id) AS id, hour, reason, min(since) AS since, dimension, SUM(micro) AS micro
     FROM marketplace_sidecar.held JOIN marketplace_sidecar.account ON account.id = account_id
     WHERE account_id IN (${accountsOfCustomer})
     GROUP BY account_id, dimension, resource_id, hour, reason ORDER BY hour, id`,
    [customer],
  )
  const fractions = await session.query(
    `SELECT dimension, fraction AS micro FROM marketplace_sidecar.account
     WHERE id IN (${accountsOfCustomer}) AND fraction > 0 ORDER BY dimension COLLATE "C", id`,
    [customer],
  )
  const identities = await session.query(
    `SELECT * FROM marketplace_sidecar.registration WHERE customer = $1 AND ${isNamed}`,
    [customer],
  )
  const records = await session.query(
    `${selectSummaries} WHERE channel = 'batch-meter-usage' AND holder = ANY($1::text[])
       AND EXISTS (SELECT FROM marketplace_sidecar.record_part
         WHERE record_id = record.id AND account_id IN (${accountsOf('$3')}))
       AND (state IN ${unsentSql} OR state = 'unresolved' OR record.hour >= $2)
     ORDER BY record.hour, record.id`,
    [
      identities.map((row) => customerHolder(registrationOf(row).identity)),
      now - summaryWindowMs,
      customer,
    ],
  )
  const isSettled = (row: Row) => row['state'] === 'accepted' || row['state'] === 'moved'
  return {
    ...summary,
    open: open.map(hourOf),
    fractions: fractions.map((row) => ({
      dimension: String(row['dimension']),
      quantity: row['micro'] as bigint,
    })),
    held: held.map((row) => ({
      id: row['id'] as number,
      customer,
      ...hourOf(row),
      reason: heldReasonOf(String(row['reason'])),
      since: row['since'] as number,
    })),
    pending: records.filter((row) => !isSettled(row)).map(summaryOf),
    settled: records.filter(isSettled).map(summaryOf).toReversed(),
  }
}

async function summaryOfCustomer(session: Session, customer: string): Promise<CustomerSummary> {
  const [row] = await session.query(
    `SELECT * FROM marketplace_sidecar.registration
     WHERE customer = $1 AND ${isNamed} AND deleted_at IS NULL
     ORDER BY created_at DESC, id DESC LIMIT 1`,
    [customer],
  )
  return { customer, registration: row && registrationOf(row) }
}

function hourOf(row: Row) {
  return {
    dimension: String(row['dimension']),
    hour: row['hour'] as number,
    quantity: row['micro'] as bigint,
  }
}

/** Whom the usage of the book is billed to. */
export async function billedIn(session: Session): Promise<Billed> {
  const [row] = await session.query(
    `SELECT (SELECT region FROM marketplace_sidecar.registration WHERE ${isNamed} LIMIT 1) AS region,
            EXISTS (SELECT FROM marketplace_sidecar.account WHERE registration_id = 0) AS buyers,
            EXISTS (SELECT FROM marketplace_sidecar.account WHERE registration_id <> 0) AS customers`,
  )
  return {
    buyers: row?.['buyers'] === true,
    customers: row?.['customers'] === true,
    region: (row?.['region'] as string | null) ?? undefined,
  }
}
