import type { AccountSums } from '../../summary.ts'
import type { Row, Session } from '../connection/database.ts'

const sumOf = (table: string) =>
  `coalesce((SELECT SUM(micro) FROM marketplace_sidecar.${table} WHERE account_id = account.id), 0)`

const sumsSql = `SELECT account.*, customer, ${sumOf('reported')} AS reported, ${sumOf('void')} AS void,
            coalesce(o.micro, 0) AS open, coalesce(h.micro, 0) AS held,
            coalesce(p.quantity, 0) * divisor + pruned AS recorded
     FROM marketplace_sidecar.account
     JOIN marketplace_sidecar.registration ON registration.id = registration_id
     LEFT JOIN (SELECT account_id, SUM(micro) AS micro FROM marketplace_sidecar.open GROUP BY account_id) o
       ON o.account_id = account.id
     LEFT JOIN (SELECT account_id, SUM(micro) AS micro FROM marketplace_sidecar.held GROUP BY account_id) h
       ON h.account_id = account.id
     LEFT JOIN (
       SELECT account_id, SUM(record_part.quantity) AS quantity FROM marketplace_sidecar.record_part
       JOIN marketplace_sidecar.record ON record.id = record_id WHERE state <> 'moved' GROUP BY account_id) p
       ON p.account_id = account.id`

/** What every account holds in each place, by product code, customer and dimension; one statement, one moment. */
export async function accountSums(session: Session): Promise<AccountSums[]> {
  const rows = await session.query(
    `${sumsSql} ORDER BY customer COLLATE "C", dimension COLLATE "C", account.id`,
  )
  return rows.map(sumsOf)
}

/** The accounts that do not add up. */
export async function unbalancedAccounts(session: Session): Promise<AccountSums[]> {
  const rows = await session.query(
    `SELECT * FROM (${sumsSql}) AS sums
     WHERE reported <> open + fraction + held + recorded + void ORDER BY id`,
  )
  return rows.map(sumsOf)
}

function sumsOf(row: Row): AccountSums {
  return {
    productCode: String(row['product_code']),
    customer: String(row['customer']),
    dimension: String(row['dimension']),
    divisor: BigInt(row['divisor'] as number),
    reported: row['reported'] as bigint,
    open: row['open'] as bigint,
    fraction: row['fraction'] as bigint,
    held: row['held'] as bigint,
    recorded: row['recorded'] as bigint,
    void: row['void'] as bigint,
  }
}
