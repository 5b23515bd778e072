import { isShared } from '../../metering/account.ts'
import { sumOf, type OpenCell } from '../../metering/cell.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { amountsOf, closedReadings, type ReadingAggregate } from '../../metering/reading.ts'
import type { ReadingHour } from '../../store/readings.ts'
import type { Page } from '../page/page.ts'
import { closeHourOfAll } from './close-hour-of-all.ts'

/** What the readings of an hour came to. */
interface ReadAmount {
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}

interface CloseRequest {
  /** Hours that start before this instant are closed. */
  readonly before: number
  /** The same for what all tasks or pods share, while another one lives; `before` when absent. */
  readonly sharedBefore?: number | undefined
  /** Hours that start after it are closed too: they have not begun, and may never come. */
  readonly foldAfter?: number | undefined
  readonly now: number
}

/**
 * Turns the readings of hours that are over into amounts of the same hour, which are sealed like any usage.
 * From here on nothing knows that they were readings.
 */
export function closeReadings(
  page: Page,
  { before, sharedBefore = before, foldAfter = Number.POSITIVE_INFINITY, now }: CloseRequest,
): ReadAmount[] {
  const isDue = ({ hour }: ReadingHour) => hour < before || hour > foldAfter
  const due = page.readings.openHours().filter(isDue)
  const shared = due.filter(({ account }) => isShared(account.key))
  const own = due.filter(({ account }) => !isShared(account.key))
  return [
    ...own.flatMap((open) => closeHour(page, open, now)),
    ...(shared.length === 0 ? [] : closeDueOfAll(page, shared, sharedBefore, now)),
  ]
}

function closeDueOfAll(
  page: Page,
  hours: readonly ReadingHour[],
  sharedBefore: number,
  now: number,
): ReadAmount[] {
  const role = page.view.sharedRole()
  if (role === 'member') return []
  const due = hours.filter(({ hour }) => role === 'alone' || hour < sharedBefore)
  const byHour = Map.groupBy(due, ({ account, hour }) => `${hour}|${account.name}`)
  return [...byHour.values()].flatMap((opens) => closeHourOfAll(page, opens, now))
}

/** Turns the readings of one hour of the book's owner into an amount of that hour. */
export function closeHour(page: Page, open: ReadingHour, now: number): ReadAmount[] {
  const cells = takeAmounts(page, open, now)
  const { account } = open
  const hour = page.firstUnsealedHour(account, open.hour)
  for (const { tags, quantity } of cells) page.add(account, hour, tags, quantity)
  return amountOf(open, hour, cells)
}

/** The same for what another task or pod left: the amounts go to the current hour, or are held. */
export function closeForeignReadings(page: Page, now: number, hold: boolean): ReadAmount[] {
  const foreign = page.readings
    .openHours()
    .filter(({ account, resource }) => resource !== page.resource && !isShared(account.key))
  return foreign.flatMap((open) => {
    const cells = takeAmounts(page, open, now)
    const { account, resource, hour } = open
    if (hold) {
      page.hold({ account, resource, hour, reason: 'adopted' }, cells, now)
      return amountOf(open, hour, cells)
    }
    const target = page.firstUnsealedHour(account, hourOf(now))
    for (const { tags, quantity } of cells) page.add(account, target, tags, quantity)
    return amountOf(open, target, cells)
  })
}

/** Takes the amounts out of an hour, counted as reported. The caller puts them somewhere. */
function takeAmounts(page: Page, open: ReadingHour, now: number): OpenCell[] {
  const { account, hour } = open
  const aggregate = account.key.aggregate as ReadingAggregate
  const readings = page.readings.all(open)
  if (aggregate === 'integral' && hour > now && readings.every(({ at }) => at < hour)) {
    // What would stand when the hour begins has stood for no time yet, and must not close the hour to what comes.
    page.readings.forget(open)
    return []
  }
  const cells = amountsOf(aggregate, readings, hour, now)
  page.count(account, sumOf(cells))
  // A sidecar may start again, and a task or pod whose book was taken over may come back, within the hour.
  if (aggregate === 'max' || aggregate === 'unique') page.readings.close(open, true)
  else if (now >= hour + hourMs) page.readings.close(open, false)
  else page.readings.closeEarly(open, closedReadings(aggregate, readings, hour, now))
  return cells
}

function amountOf(open: ReadingHour, hour: number, cells: readonly OpenCell[]): ReadAmount[] {
  const quantity = sumOf(cells)
  return quantity === 0n ? [] : [{ dimension: open.account.key.dimension, hour, quantity }]
}
