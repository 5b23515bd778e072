import type { Account } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import { amountsOf, type Reading, type ReadingAggregate } from '../../metering/reading.ts'
import type { Cursor } from '../cursor.ts'
import type { Changes } from '../changes.ts'
import type { ReadingHour } from '../readings.ts'
import type { OpenReadings } from '../summary.ts'
import type { OpenAccountHour } from '../view.ts'
import type { Row, Session } from './connection/database.ts'
import type { Names } from './names.ts'
import { pastSql } from './server-time.ts'
import { isSharedSql } from './shared-usage.ts'

type RowNames = Pick<Names, 'accountId' | 'account' | 'resourceId' | 'resource' | 'learn'>

const ofHour = 'resource_id = $1 AND account_id = $2 AND hour = $3'

/**
 * The hours of these tasks or pods whose readings are no amount yet, `withShared` those too that all share;
 * those of all where `resources` is null.
 */
export async function openReadingHours(
  session: Session,
  names: RowNames,
  resources: readonly number[] | null,
  withShared = false,
): Promise<ReadingHour[]> {
  const rows = await session.query(
    `SELECT * FROM marketplace_sidecar.reading_hour
     WHERE NOT closed AND ($1::int[] IS NULL OR resource_id = ANY($1)${withShared ? ` OR ${isSharedSql}` : ''})
     ORDER BY account_id, hour, resource_id`,
    [resources],
  )
  await names.learn(session, rows)
  return rows.map((row) => readingHourOf(names, row))
}

export async function readingHour(
  session: Session,
  names: RowNames,
  key: OpenAccountHour,
): Promise<ReadingHour | undefined> {
  const [row] = await session.query(
    `SELECT * FROM marketplace_sidecar.reading_hour WHERE ${ofHour}`,
    idsOf(names, key),
  )
  return row && readingHourOf(names, row)
}

export async function readingsOf(
  session: Session,
  names: RowNames,
  key: OpenAccountHour,
): Promise<Reading[]> {
  const rows = await session.query(
    `SELECT * FROM marketplace_sidecar.reading WHERE ${ofHour} ORDER BY tags, key`,
    idsOf(names, key),
  )
  return rows.map(readingOf)
}

export async function oneReading(
  session: Session,
  names: RowNames,
  key: OpenAccountHour,
  tags: string,
  name: string,
): Promise<Reading | undefined> {
  const [row] = await session.query(
    `SELECT * FROM marketplace_sidecar.reading WHERE ${ofHour} AND tags = $4 AND key = $5`,
    [...idsOf(names, key), tags, name],
  )
  return row && readingOf(row)
}

/** What open hours hold at the instant `now`, by hour and dimension. Members are only counted. */
export async function readingSummary(
  session: Session,
  names: RowNames,
  resources: readonly number[] | null,
  now: number,
): Promise<OpenReadings[]> {
  const hours = await openReadingHours(session, names, resources)
  const summary: OpenReadings[] = []
  for (const open of hours) {
    const { dimension } = open.account.key
    const aggregate = open.account.key.aggregate as ReadingAggregate
    const { hour, count } = open
    const quantity =
      aggregate === 'unique'
        ? BigInt(count) * 1_000_000n
        : sumOf(amountsOf(aggregate, await readingsOf(session, names, open), hour, now))
    summary.push({ dimension, hour, aggregate, count, quantity })
  }
  return summary.toSorted((a, b) => a.hour - b.hour || (a.dimension < b.dimension ? -1 : 1))
}

export async function cursorsOf(
  session: Session,
  names: RowNames,
  resource: string,
  source: string,
): Promise<Cursor[]> {
  const rows = await session.query(
    `SELECT * FROM marketplace_sidecar.cursor WHERE resource_id = $1 AND source = $2 ORDER BY series`,
    [names.resourceId(resource), source],
  )
  return rows.map((row) => ({
    resource,
    source,
    series: String(row['series']),
    value: row['micro'] as bigint,
    startedAt: (row['started_at'] as number | null) ?? undefined,
    readAt: row['read_at'] as number,
  }))
}

/** Writes what changes of readings and cursors; inside a transaction only. */
export async function writeReadings(
  session: Session,
  { readings, cursors }: Changes,
  names: RowNames,
): Promise<void> {
  for (const key of readings?.dropped ?? [])
    for (const table of ['reading', 'reading_hour'])
      await session.query(
        `DELETE FROM marketplace_sidecar.${table} WHERE ${ofHour}`,
        idsOf(names, key),
      )
  for (const { closed, count, ...key } of readings?.hours ?? [])
    await session.query(
      `INSERT INTO marketplace_sidecar.reading_hour VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (resource_id, account_id, hour)
       DO UPDATE SET closed = excluded.closed, readings = excluded.readings`,
      [...idsOf(names, key), closed, count],
    )
  const rows = readings?.rows ?? []
  if (rows.length > 0)
    await session.query(
      `INSERT INTO marketplace_sidecar.reading
       SELECT * FROM unnest($1::int[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::numeric[],
         $7::bigint[], $8::bigint[]) ORDER BY 1, 2, 3, 4, 5
       ON CONFLICT (resource_id, account_id, hour, tags, key)
       DO UPDATE SET micro = excluded.micro, at = excluded.at, until = excluded.until`,
      [
        rows.map((row) => names.resourceId(row.resource)),
        rows.map((row) => names.accountId(row.account)),
        rows.map((row) => row.hour),
        rows.map(({ reading }) => reading.tags),
        rows.map(({ reading }) => reading.key),
        rows.map(({ reading }) => String(reading.quantity)),
        rows.map(({ reading }) => reading.at),
        rows.map(({ reading }) => reading.until),
      ],
    )
  for (const { resource, source, series } of cursors?.removed ?? [])
    await session.query(
      'DELETE FROM marketplace_sidecar.cursor WHERE resource_id = $1 AND source = $2 AND series = $3',
      [names.resourceId(resource), source, series],
    )
  const put = cursors?.put ?? []
  if (put.length > 0)
    await session.query(
      `INSERT INTO marketplace_sidecar.cursor
       SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::numeric[], $5::bigint[], $6::bigint[])
       ORDER BY 1, 2, 3
       ON CONFLICT (resource_id, source, series)
       DO UPDATE SET micro = excluded.micro, started_at = excluded.started_at, read_at = excluded.read_at`,
      [
        put.map(({ resource }) => names.resourceId(resource)),
        put.map(({ source }) => source),
        put.map(({ series }) => series),
        put.map(({ value }) => String(value)),
        put.map(({ startedAt }) => startedAt ?? null),
        put.map(({ readAt }) => readAt),
      ],
    )
}

/** Deletes the readings of closed hours that start before `before`, where the clock of this process is at `at`. */
export async function forgetReadings(session: Session, before: number, at: number): Promise<void> {
  await session.query(
    `WITH old AS (
       DELETE FROM marketplace_sidecar.reading_hour WHERE closed AND hour < ${pastSql('$1', '$2')}
       RETURNING resource_id, account_id, hour
     )
     DELETE FROM marketplace_sidecar.reading USING old
     WHERE (reading.resource_id, reading.account_id, reading.hour) =
           (old.resource_id, old.account_id, old.hour)`,
    [before, at],
  )
}

/** The accounts and the tasks or pods that changes of readings and cursors name. */
export function namesInReadings({ readings, cursors }: Changes): {
  readonly accounts: readonly Account[]
  readonly resources: readonly string[]
} {
  const hours = readings?.hours ?? []
  return {
    accounts: hours.map(({ account }) => account),
    resources: [...hours, ...(cursors?.put ?? [])].map(({ resource }) => resource),
  }
}

function idsOf(names: RowNames, { resource, account, hour }: OpenAccountHour): unknown[] {
  return [names.resourceId(resource) ?? -1, names.accountId(account) ?? -1, hour]
}

function readingHourOf(names: RowNames, row: Row): ReadingHour {
  return {
    account: names.account(row['account_id'] as number),
    resource: names.resource(row['resource_id'] as number),
    hour: row['hour'] as number,
    closed: row['closed'] === true,
    count: row['readings'] as number,
  }
}

function readingOf(row: Row): Reading {
  return {
    tags: String(row['tags']),
    key: String(row['key']),
    quantity: row['micro'] as bigint,
    at: row['at'] as number,
    until: row['until'] as number,
  }
}
