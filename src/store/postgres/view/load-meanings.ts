import { meaningOfRow } from '../../account-row.ts'
import type { Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import type { Scope } from '../scope.ts'
import { isSharedSql } from '../shared-usage.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** Loads what of the accounts needs few rows, and no lock: it is for people. */
export async function loadMeanings(
  session: Session,
  names: Names,
  { meanings, unregistered }: Loaded['ofTransaction'],
  scope: Scope | undefined,
): Promise<void> {
  if (unregistered.isWaiting) unregistered.put(all, await names.unregisteredAccounts(session))
  if (!meanings.isWaiting) return
  const rows = await session.query(
    `SELECT product_code, dimension, divisor, aggregate, scope, SUM(fraction) AS fraction,
              coalesce(SUM(micro), 0) AS open
       FROM marketplace_sidecar.account LEFT JOIN (
         SELECT account_id, SUM(micro) AS micro FROM marketplace_sidecar.open
         WHERE $1::int IS NULL OR resource_id = $1 OR ${isSharedSql} GROUP BY account_id) AS sums
         ON account_id = account.id
       GROUP BY product_code, dimension, divisor, aggregate, scope ORDER BY min(account.id)`,
    [scope?.id],
  )
  meanings.put(
    all,
    rows.map((row) => ({
      key: meaningOfRow(row),
      open: row['open'] as bigint,
      fraction: row['fraction'] as bigint,
    })),
  )
}
