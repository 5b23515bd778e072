import { hourMs } from '../../metering/hour.ts'
import { closedKey, type Reading } from '../../metering/reading.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { Page } from '../page/page.ts'

/**
 * Ends the last value that was read while the clock was ahead, before it was set back: the one that comes now
 * followed it. Without this it would stand for a second time when the clock is there again and its source is not.
 */
export function endAhead(
  page: Page,
  { account, resource }: OpenAccountHour,
  { tags, at }: Reading,
  now: number,
): void {
  const after = Math.max(now, at)
  const ahead = page.readings
    .openHours()
    .filter((each) => each.account.name === account.name && each.resource === resource)
    .filter(({ hour }) => hour + hourMs > after)
    .flatMap((open) => page.readings.all(open).map((reading) => ({ open, reading })))
    .filter(({ reading }) => reading.tags === tags && reading.key !== closedKey)
    .filter(({ reading }) => reading.at > after)
  const last = ahead.reduce((latest, { reading }) => Math.max(latest, reading.at), 0)
  for (const { open, reading } of ahead)
    if (reading.at === last && reading.until > last)
      page.readings.put(open, { ...reading, until: last }, false)
}
