import type { Account } from '../../metering/account.ts'
import { closeReadings } from '../readings/close-readings.ts'
import { guardHours, type HourLimit } from './guard-hours.ts'
import type { Page } from '../page/page.ts'
import { dueHours, sealHours, type SealRequest } from './seal-hours.ts'

/** Holds and seals as many of the hours that are due as one transaction takes. */
export function sealPart(
  page: Page,
  request: SealRequest,
  limitOf: HourLimit,
  accountOf: (dimension: string) => Account,
) {
  const read = closeReadings(page, request)
  const { hours: due, areAll } = dueHours(page, request)
  const held = guardHours(page, due, request.now, limitOf)
  const guarded = new Set(held.map(({ open }) => open))
  const hours = due.filter((open) => !guarded.has(open))
  // An hour that has usage still is not one without any.
  const zeroHours = areAll ? request.zeroHours : []
  const inserted = sealHours(page, hours, { ...request, zeroHours }, accountOf)
  return { read, held, inserted, isLast: areAll }
}
