import { isUnregistered } from '../../../metering/account.ts'
import type { Registration } from '../../../metering/customer.ts'
import { customerHolder } from '../../../metering/slot.ts'
import type { Changes } from '../../changes.ts'
import { licenceOf, registrationOf } from '../../registration-row.ts'
import type { Session } from '../connection/database.ts'
import { unsentSql } from '../record-rows.ts'
import type { Names } from '../names.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** Usage before a registration has a row of its own, without an identity. */
export const isNamed = "form NOT IN ('resource', 'unregistered')"
const isAwaited = `form = 'unregistered' AND EXISTS (SELECT 1 FROM marketplace_sidecar.account
  JOIN marketplace_sidecar.open ON account_id = account.id WHERE registration_id = registration.id)`

/** How a session keeps others from changing registrations: all of them, or those that change one. */
export type CustomerLock = 'UPDATE' | 'SHARE'

/**
 * Keeps every other session from changing a registration until the end of the transaction; without `SHARE` from
 * reading them under this lock, too.
 */
export async function lockCustomers(session: Session, lock: CustomerLock): Promise<void> {
  await session.query(`SELECT FROM marketplace_sidecar.registration WHERE id = 0 FOR ${lock}`)
}

/** The lock that changes need: usage of a customer waits only while no other session registers that customer. */
export function customerLockOf({
  registrations,
  licences,
  added,
}: Changes): CustomerLock | undefined {
  if (registrations.length + licences.size > 0) return 'UPDATE'
  return added.some(({ account }) => isUnregistered(account.key)) ? 'SHARE' : undefined
}

/** Loads what the rules asked for of the customers, and of no other. */
export async function loadCustomers(
  session: Session,
  names: Names,
  of: Loaded['ofTransaction'],
): Promise<void> {
  const { registrations, registrationsNaming, licences, customers, accountsOf } = of
  if (registrations.isWaiting) await loadRegistrations(session, registrations)
  if (licences.isWaiting) await loadLicences(session, licences)
  for (const [name, { accountId, licenseArn, identifier }] of registrationsNaming.asked) {
    const rows = await session.query(
      `SELECT * FROM marketplace_sidecar.registration
       WHERE (aws_account = $1 OR license_arn = $2 OR identifier = $3) AND ${isNamed} ORDER BY id`,
      [accountId, licenseArn, identifier],
    )
    registrationsNaming.put(name, rows.map(registrationOf))
  }
  await loadAwaited(session, of)
  for (const [customer] of accountsOf.asked)
    accountsOf.put(customer, await names.accountsOf(session, customer))
  for (const [name, registration] of customers.asked)
    customers.put(name, await usageOf(session, registration))
}

async function loadRegistrations(
  session: Session,
  shelf: Loaded['ofTransaction']['registrations'],
): Promise<void> {
  const asked = [...shelf.asked.keys()]
  const rows = await session.query(
    `SELECT * FROM marketplace_sidecar.registration WHERE customer = ANY($1) AND ${isNamed} ORDER BY id`,
    [asked],
  )
  const found = Map.groupBy(rows.map(registrationOf), ({ customer }) => customer)
  for (const customer of asked) shelf.put(customer, found.get(customer) ?? [])
}

async function loadLicences(
  session: Session,
  shelf: Loaded['ofTransaction']['licences'],
): Promise<void> {
  const asked = [...shelf.asked.keys()]
  const rows = await session.query(
    'SELECT * FROM marketplace_sidecar.licence WHERE name = ANY($1)',
    [asked],
  )
  const found = new Map(rows.map((row) => [String(row['name']), licenceOf(row)]))
  for (const name of asked) shelf.put(name, found.get(name))
}

async function loadAwaited(
  session: Session,
  { isAwaited: awaited, countAwaited }: Loaded['ofTransaction'],
): Promise<void> {
  for (const [customer] of awaited.asked) {
    const rows = await session.query(
      `SELECT 1 FROM marketplace_sidecar.registration WHERE customer = $1 AND ${isAwaited}`,
      [customer],
    )
    awaited.put(customer, rows.length > 0)
  }
  if (!countAwaited.isWaiting) return
  const [row] = await session.query(
    `SELECT count(*) AS customers FROM marketplace_sidecar.registration WHERE ${isAwaited}`,
  )
  countAwaited.put(all, row?.['customers'] as number)
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
