import { isShared, type Account } from '../../metering/account.ts'
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
  const guarded = new Set(held.flatMap(({ opens }) => opens))
  const hours = due.filter((open) => !guarded.has(open))
  // An hour that has usage still is not one without any.
  const zeroHours = areAll ? ownZeroHours(page, request, accountOf) : []
  const inserted = sealHours(page, hours, { ...request, zeroHours }, accountOf)
  return { read, held, inserted, isLast: areAll }
}

/** What all share has one zero record, from the task or pod that seals it. */
function ownZeroHours(
  page: Page,
  { before, sharedBefore = before, zeroHours }: SealRequest,
  accountOf: (dimension: string) => Account,
): SealRequest['zeroHours'] {
  const isOfAll = ({ dimension }: { readonly dimension: string }) =>
    isShared(accountOf(dimension).key)
  if (!zeroHours.some(isOfAll)) return zeroHours
  const role = page.view.sharedRole()
  return zeroHours.filter(
    (zero) =>
      !isOfAll(zero) || role === 'alone' || (role === 'submitter' && zero.hour < sharedBefore),
  )
}
