import { accountOf } from '../../../metering/account.ts'
import type { Changes, NewRecord, RecordProgress } from '../../changes.ts'
import type { Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import { allocationsColumn } from '../../record-row.ts'

/** Writes sealed records with their parts, whose slots and accounts have rows. Returns their ids in their order. */
export async function insertRecords(
  session: Session,
  records: readonly NewRecord[],
  names: Names,
): Promise<number[]> {
  const contents = records.map(({ content }) => content)
  const slots = records.map(({ slot }) => names.slotId(slot) ?? 0)
  const rows = await session.query(
    `INSERT INTO marketplace_sidecar.record
       (slot_id, hour, resource_id, timestamp, quantity, form, client_token, state, sealed_at)
     SELECT s, h, r, ts, q, form, token, 'sealed', at
     FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
            $8::bigint[])
       WITH ORDINALITY AS n(s, h, r, ts, q, form, token, at, o) ORDER BY o RETURNING id, slot_id, hour`,
    [
      slots,
      contents.map(({ hour }) => hour),
      records.map(({ resource }) => names.resourceId(resource)),
      contents.map(({ timestamp }) => timestamp),
      contents.map(({ quantity }) => String(quantity)),
      contents.map(({ form }) => form),
      contents.map(({ clientToken }) => clientToken),
      records.map(({ sealedAt }) => sealedAt),
    ],
  )
  const idOf = new Map(
    rows.map((row) => [JSON.stringify([row['slot_id'], row['hour']]), row['id'] as number]),
  )
  const ids = contents.map(({ hour }, index) => idOf.get(JSON.stringify([slots[index], hour])) ?? 0)
  const parts = contents.flatMap((content, index) =>
    content.parts.map((part) => ({ ...part, id: ids[index] })),
  )
  await session.query(
    `INSERT INTO marketplace_sidecar.record_part (record_id, account_id, quantity, allocations)
     SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[])`,
    [
      parts.map(({ id }) => id),
      parts.map(({ account }) => names.accountId(accountOf(account))),
      parts.map(({ quantity }) => String(quantity)),
      parts.map(({ allocations }) => allocationsColumn(allocations)),
    ],
  )
  return ids
}

/** Writes which task or pod sends records from now on. */
export async function updateSenders(
  session: Session,
  senders: Changes['senders'],
  names: Names,
): Promise<void> {
  await session.query(
    `UPDATE marketplace_sidecar.record SET resource_id = r
     FROM unnest($1::bigint[], $2::int[]) AS n(i, r) WHERE id = i`,
    [[...senders.keys()], [...senders.values()].map((resource) => names.resourceId(resource))],
  )
}

/** Writes what changes of records after they were sealed. Throws a TypeError when one is not there. */
export async function updateRecords(
  session: Session,
  { records, resealed }: Pick<Changes, 'records' | 'resealed'>,
): Promise<void> {
  if (records.size > 0) {
    const progress = [...records.values()]
    const column = <T>(of: (each: RecordProgress) => T) => progress.map(of)
    const rows = await session.query(
      `UPDATE marketplace_sidecar.record SET state = s, attempts = n, in_flight = f, ambiguous = a,
         metering_record_id = m, last_code = c, last_message = l, first_attempt_at = fa,
         last_attempt_at = la, settled_at = sa, moved_to = mt
       FROM unnest($1::bigint[], $2::text[], $3::int[], $4::boolean[], $5::boolean[], $6::text[], $7::text[],
         $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
         AS u(i, s, n, f, a, m, c, l, fa, la, sa, mt) WHERE id = i RETURNING id`,
      [
        [...records.keys()],
        column(({ state }) => state),
        column(({ attempts }) => attempts),
        column(({ inFlight }) => inFlight),
        column(({ ambiguous }) => ambiguous),
        column(({ meteringRecordId }) => meteringRecordId),
        column(({ lastCode }) => lastCode),
        column(({ lastMessage }) => lastMessage),
        column(({ firstAttemptAt }) => firstAttemptAt),
        column(({ lastAttemptAt }) => lastAttemptAt),
        column(({ settledAt }) => settledAt),
        column(({ movedTo }) => movedTo),
      ],
    )
    if (rows.length < records.size) throw new TypeError('a record that was changed is not there')
  }
  for (const [id, { timestamp, clientToken, isUntagged }] of resealed) {
    await session.query(
      'UPDATE marketplace_sidecar.record SET timestamp = $2, client_token = $3 WHERE id = $1',
      [id, timestamp, clientToken],
    )
    if (!isUntagged) continue
    await session.query(
      'UPDATE marketplace_sidecar.record_part SET allocations = NULL WHERE record_id = $1',
      [id],
    )
  }
}
