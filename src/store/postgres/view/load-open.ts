import type { OpenCell } from '../../../metering/cell.ts'
import type { SealableHours, OpenAccountHour } from '../../view.ts'
import type { Row, Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import type { Scope } from '../scope.ts'
import { isSharedSql, sharedRoleOf } from '../shared-usage.ts'
import { hourName, type Loaded } from './loaded.ts'
import { all, type Shelf } from './shelf.ts'

/** A limit for those that have none. */
const most = 2 ** 31 - 1

/** Whose rows are in view. */
export interface InView {
  readonly scope: Scope | undefined
  /** The ids of the tasks or pods whose usage is in view; null for all. */
  readonly resources: readonly number[] | null
}

/** Loads what the rules asked for of the open usage, and no more: a book may have that of many customers. */
export async function loadOpen(
  session: Session,
  names: Names,
  {
    openHours,
    openHoursOf,
    leftHours,
    sealable,
    cells,
    tagSets,
    fractions,
  }: Loaded['ofTransaction'],
  inView: InView,
): Promise<void> {
  const isInView = `($1::int[] IS NULL OR resource_id = ANY($1) OR ${isSharedSql})`
  const hoursOf = async (rows: readonly Row[]) => {
    await names.learn(session, rows)
    return rows.map((row) => hourOfRow(names, row))
  }
  for (const [name, { before, after }] of openHours.asked) {
    const rows = await session.query(
      `SELECT DISTINCT account_id, hour, resource_id FROM marketplace_sidecar.open
       WHERE ${isInView} AND hour < $2 AND hour > $3
       ORDER BY account_id, hour, resource_id`,
      [
        inView.resources,
        Math.min(before, Number.MAX_SAFE_INTEGER),
        Math.max(after, Number.MIN_SAFE_INTEGER),
      ],
    )
    openHours.put(name, await hoursOf(rows))
  }
  for (const [name, account] of openHoursOf.asked) {
    await names.findAccounts(session, [account])
    const rows = await session.query(
      `SELECT DISTINCT account_id, hour, resource_id FROM marketplace_sidecar.open
       WHERE ${isInView} AND account_id = $2 ORDER BY hour, resource_id`,
      [inView.resources, names.accountId(account)],
    )
    openHoursOf.put(name, await hoursOf(rows))
  }
  if (leftHours.isWaiting) {
    const rows = await session.query(
      `SELECT DISTINCT account_id, hour, resource_id FROM marketplace_sidecar.open
       WHERE resource_id = ANY($1::int[]) AND resource_id <> $2 AND NOT ${isSharedSql}
       ORDER BY account_id, hour, resource_id`,
      [inView.resources ?? [], inView.scope?.id ?? 0],
    )
    leftHours.put(all, await hoursOf(rows))
  }
  for (const [name, due] of sealable.asked)
    sealable.put(name, await hoursOf(await lockSealable(session, due, inView)))
  if (cells.isWaiting) {
    for (const row of await loadCells(session, names, cells)) {
      const { account } = hourOfRow(names, row)
      // What is sealed takes the account's fraction along.
      fractions.ask(account.name, account, 0n)
    }
  }
  if (tagSets.isWaiting) await countTagSets(session, names, tagSets)
}

/**
 * The hours that may be sealed, with their cells locked: a limited number, and all tasks and pods of the
 * last one, because one record takes them all.
 */
async function lockSealable(
  session: Session,
  { before, endedBefore, sharedBefore = before, limit = most }: SealableHours,
  { scope, resources }: InView,
): Promise<readonly Row[]> {
  const role = await sharedRoleOf(session, scope)
  return session.query(
    `WITH due AS MATERIALIZED (
       SELECT DISTINCT account_id, hour, resource_id FROM marketplace_sidecar.open
       JOIN marketplace_sidecar.account ON account.id = account_id
       JOIN marketplace_sidecar.registration ON registration.id = registration_id
       WHERE form <> 'unregistered' AND hour < greatest($2::bigint, $3::bigint)
         AND CASE WHEN scope = 'cluster' OR registration_id <> 0
             THEN $4::text <> 'member' AND (hour < (CASE WHEN $4::text = 'alone' THEN $2 ELSE least($2, $5::bigint) END)
                  OR (hour < $3 AND ended_at IS NOT NULL))
             ELSE hour < $2 AND ($1::int[] IS NULL OR resource_id = ANY($1)) END
       ORDER BY account_id, hour FETCH FIRST ($6) ROWS WITH TIES
     ), locked AS MATERIALIZED (
       SELECT open.account_id, open.hour, open.resource_id FROM marketplace_sidecar.open
       JOIN due USING (resource_id, account_id, hour)
       ORDER BY open.account_id, open.hour, open.resource_id, tags FOR NO KEY UPDATE OF open
     )
     SELECT DISTINCT account_id, hour, resource_id FROM locked ORDER BY account_id, hour, resource_id`,
    [resources, before, endedBefore, role, sharedBefore, limit],
  )
}

async function loadCells(
  session: Session,
  names: Names,
  shelf: Shelf<OpenAccountHour, readonly OpenCell[]>,
): Promise<readonly Row[]> {
  const asked = [...shelf.asked.values()]
  const rows = await session.query(
    `SELECT account_id, resource_id, hour, tags, micro FROM marketplace_sidecar.open
     JOIN unnest($1::int[], $2::int[], $3::bigint[]) AS n(r, a, h)
       ON (resource_id, account_id, hour) = (r, a, h)
     ORDER BY account_id, hour, resource_id, tags FOR NO KEY UPDATE OF open`,
    await idsOf(session, names, asked),
  )
  const found = Map.groupBy(rows, (row) => hourName(hourOfRow(names, row)))
  for (const open of asked)
    shelf.put(
      hourName(open),
      (found.get(hourName(open)) ?? []).map((row) => ({
        tags: String(row['tags']),
        quantity: row['micro'] as bigint,
      })),
    )
  return rows
}

async function countTagSets(
  session: Session,
  names: Names,
  shelf: Shelf<OpenAccountHour, number>,
): Promise<void> {
  const asked = [...shelf.asked.values()]
  const rows = await session.query(
    `SELECT account_id, resource_id, hour, count(*) AS sets FROM marketplace_sidecar.open
     JOIN unnest($1::int[], $2::int[], $3::bigint[]) AS n(r, a, h)
       ON (resource_id, account_id, hour) = (r, a, h)
     WHERE tags <> '' GROUP BY account_id, resource_id, hour`,
    await idsOf(session, names, asked),
  )
  const found = new Map(rows.map((row) => [hourName(hourOfRow(names, row)), row['sets'] as number]))
  for (const open of asked) shelf.put(hourName(open), found.get(hourName(open)) ?? 0)
}

/** The columns of hours; one without rows has an id that no row has. */
async function idsOf(session: Session, names: Names, hours: readonly OpenAccountHour[]) {
  await names.findAccounts(
    session,
    hours.map(({ account }) => account),
  )
  await names.findResources(
    session,
    hours.map(({ resource }) => resource),
  )
  return [
    hours.map(({ resource }) => names.resourceId(resource) ?? -1),
    hours.map(({ account }) => names.accountId(account) ?? -1),
    hours.map(({ hour }) => hour),
  ]
}

function hourOfRow(names: Names, row: Row): OpenAccountHour {
  return {
    account: names.account(row['account_id'] as number),
    resource: names.resource(row['resource_id'] as number),
    hour: row['hour'] as number,
  }
}
