import { sumOf } from '../../metering/cell.ts'
import {
  amountsOf,
  mergeReadings,
  type Reading,
  type ReadingAggregate,
} from '../../metering/reading.ts'
import { clusterHolder } from '../../metering/slot.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { Page } from '../page/page.ts'

/** Where the readings of an hour are kept that all tasks or pods share, once they have become an amount. */
export function placeOfAll({ account, hour }: OpenAccountHour): OpenAccountHour {
  return { account, resource: clusterHolder, hour }
}

/**
 * Turns what several tasks or pods read in one hour into an amount: members that any of them saw, or the
 * largest value of all. Where the hour was closed before, only the rise counts. The readings themselves go to
 * the place of all, and late ones are compared with them there.
 */
export function closeHourOfAll(page: Page, opens: readonly OpenAccountHour[], now: number) {
  const [first] = opens
  if (first === undefined) return []
  const { account, hour } = first
  const aggregate = account.key.aggregate as ReadingAggregate
  const place = placeOfAll(first)
  const before = page.readings.all(place)
  const merged = new Map(before.map((reading) => [nameOf(reading), reading]))
  for (const reading of opens.flatMap((open) => page.readings.all(open))) {
    const known = merged.get(nameOf(reading))
    const newest = mergeReadings(aggregate, known, reading)
    if (newest === known) continue
    merged.set(nameOf(reading), newest)
    page.readings.put(place, newest, known === undefined)
  }
  for (const open of opens) page.readings.close(open, false)
  page.readings.close(place, true)
  const counted = new Map(
    amountsOf(aggregate, before, hour, now).map(({ tags, quantity }) => [tags, quantity]),
  )
  const rises = amountsOf(aggregate, [...merged.values()], hour, now)
    .map(({ tags, quantity }) => ({ tags, quantity: quantity - (counted.get(tags) ?? 0n) }))
    .filter(({ quantity }) => quantity > 0n)
  const quantity = sumOf(rises)
  page.count(account, quantity)
  const target = page.firstUnsealedHour(account, hour)
  for (const rise of rises) page.add(account, target, rise.tags, rise.quantity)
  return quantity === 0n ? [] : [{ dimension: account.key.dimension, hour: target, quantity }]
}

function nameOf({ key, tags }: Reading): string {
  return `${key}|${tags}`
}
