import type { Registration } from '../../../metering/customer.ts'
import { customerHolder } from '../../../metering/slot.ts'
import { registrationOf } from '../../registration-row.ts'
import type { Session } from '../connection/database.ts'
import { unsentSql } from '../record-rows.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** Usage before a registration has a row of its own, without an identity. */
export const isNamed = "form NOT IN ('resource', 'unregistered')"

/** Keeps every other session from changing a registration until the end of the transaction. */
export async function lockCustomers(session: Session): Promise<void> {
  await session.query('SELECT FROM marketplace_sidecar.registration WHERE id = 0 FOR UPDATE')
}

/** Loads what the rules asked for of the customers. */
export async function loadCustomers(
  session: Session,
  { registrations, customers }: Loaded['ofTransaction'],
): Promise<void> {
  if (registrations.isWaiting) {
    const rows = await session.query(
      `SELECT * FROM marketplace_sidecar.registration WHERE ${isNamed} ORDER BY id`,
    )
    registrations.put(all, rows.map(registrationOf))
  }
  for (const [name, registration] of customers.asked)
    customers.put(name, await usageOf(session, registration))
}

async function usageOf(session: Session, { customer, identity }: Registration) {
  const [records] = await session.query(
    `SELECT max(hour) AS hour,
            coalesce(bool_or(state IN ${unsentSql} OR state = 'unresolved'), false) AS unsettled
     FROM marketplace_sidecar.record JOIN marketplace_sidecar.slot ON slot.id = slot_id
     WHERE channel = 'batch-meter-usage' AND holder = $1`,
    [customerHolder(identity)],
  )
  const accounts = `account_id IN (SELECT account.id FROM marketplace_sidecar.account
    JOIN marketplace_sidecar.registration ON registration.id = registration_id
    WHERE (customer, form, identity) = ($1, $2, $3))`
  const [usage] = await session.query(
    `SELECT (SELECT max(hour) FROM marketplace_sidecar.open WHERE ${accounts}) AS hour,
            EXISTS (SELECT 1 FROM marketplace_sidecar.open WHERE ${accounts})
            OR EXISTS (SELECT 1 FROM marketplace_sidecar.held WHERE ${accounts}) AS unsettled`,
    [customer, identity.form, identity.value],
  )
  const hours = [records, usage].flatMap((row) => (row?.['hour'] as number | null) ?? [])
  return {
    lastHour: hours.length === 0 ? undefined : Math.max(...hours),
    isUnsettled: records?.['unsettled'] === true || usage?.['unsettled'] === true,
  }
}
