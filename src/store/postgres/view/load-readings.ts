import { clusterHolder } from '../../../metering/slot.ts'
import type { OpenAccountHour } from '../../view.ts'
import type { Session } from '../connection/database.ts'
import type { Names } from '../names.ts'
import { cursorsOf, oneReading, openReadingHours, readingHour, readingsOf } from '../readings.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** Loads what the rules asked for of readings and cursors. */
export async function loadReadings(
  session: Session,
  names: Names,
  of: Loaded['ofTransaction'],
  scope: readonly number[] | null,
): Promise<void> {
  const hours = [
    ...of.readingHours.asked.values(),
    ...of.readings.asked.values(),
    ...[...of.oneReading.asked.values()].map(({ open }) => open),
  ]
  const resources = [...hours, ...of.cursors.asked.values()].map(({ resource }) => resource)
  const accounts = hours.map(({ account }) => account)
  if (resources.length > 0) await names.findResources(session, resources)
  if (accounts.length > 0) await names.findAccounts(session, accounts)
  await lockShared(session, names, of)
  if (of.openReadingHours.isWaiting)
    of.openReadingHours.put(all, await openReadingHours(session, names, scope, true))
  for (const [name, key] of of.readingHours.asked)
    of.readingHours.put(name, await readingHour(session, names, key))
  for (const [name, key] of of.readings.asked)
    of.readings.put(name, await readingsOf(session, names, key))
  for (const [name, { open, tags, key }] of of.oneReading.asked)
    of.oneReading.put(name, await oneReading(session, names, open, tags, key))
  for (const [name, { resource, source }] of of.cursors.asked)
    of.cursors.put(name, await cursorsOf(session, names, resource, source))
}

/**
 * Readings that all share are added while the account's row is locked in common, and become an amount while
 * it is locked alone: none is added to an hour that another session closes.
 */
async function lockShared(
  session: Session,
  names: Names,
  { readingHours, readings }: Loaded['ofTransaction'],
): Promise<void> {
  const accountsOf = (asked: Iterable<OpenAccountHour>) =>
    [...asked]
      .filter(({ resource }) => resource === clusterHolder)
      .flatMap(({ account }) => names.accountId(account) ?? [])
  const lock = async (ids: readonly number[], how: 'SHARE' | 'NO KEY UPDATE') => {
    if (ids.length > 0)
      await session.query(
        `SELECT FROM marketplace_sidecar.account WHERE id = ANY($1::int[]) ORDER BY id FOR ${how}`,
        [ids],
      )
  }
  await lock(accountsOf(readings.asked.values()), 'NO KEY UPDATE')
  await lock(accountsOf(readingHours.asked.values()), 'SHARE')
}
