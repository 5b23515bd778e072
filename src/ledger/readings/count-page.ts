import type { Account } from '../../metering/account.ts'
import { microPerUnit } from '../../metering/amount.ts'
import {
  isNewer,
  riseOf,
  type CounterOutcome,
  type CounterPage,
  type CounterReading,
} from '../../metering/counter.ts'
import { hourOf } from '../../metering/hour.ts'
import type { Cursor } from '../../store/cursor.ts'
import { addUsage } from '../page/add-usage.ts'
import type { Page } from '../page/page.ts'
import { followedSince } from './followed-since.ts'
import type { ReadingRules } from './report-reading.ts'

export interface CountRules {
  /** When this task or pod first opened the book. */
  readonly firstSeenAt: number
  /** Its limit is that of the counters of a target too; further ones are skipped. */
  readonly readings: Pick<ReadingRules, 'maxReadings'>
}

/** What one counter of a page gave. */
export interface CountedSeries {
  readonly dimension: string
  readonly series: string
  readonly outcome: CounterOutcome
  /** Micro-units of usage. */
  readonly rise: bigint
}

/** The cursor of a whole page says that it was read: which counters it did not have then is known. */
const pageSeries = (dimension: string) => `page ${dimension}`
const seriesName = ({ dimension, series }: CounterReading) => `${dimension} ${series}`

/**
 * Adds to the book what the counters of a page rose by since they were last read, and moves their cursors,
 * which belong together: a page that is read again after a crash gives the same. A first value is usage only
 * when it certainly came after the book's first opening, and since the dimension counts it.
 */
export function countPage(
  page: Page,
  read: CounterPage,
  accountOf: (dimension: string) => Account,
  rules: CountRules,
): CountedSeries[] {
  const { source, readAt } = read
  const resource = page.resource
  const stored = page.cursors.of(resource, source)
  const { since, outdated } = followedSince(page, 'page', read.follows, stored, readAt)
  const put: Cursor[] = []
  const skippedIn = new Set<string>()
  let room = rules.readings.maxReadings - stored.size
  const counted = read.counters.map((reading): CountedSeries => {
    const { dimension, series, value, startedAt } = reading
    const name = seriesName(reading)
    const before = stored.get(name)
    if (before === undefined && room <= 0) {
      skippedIn.add(dimension)
      return { dimension, series, outcome: 'skipped', rise: 0n }
    }
    if (before === undefined) room -= 1
    const { rise, outcome } =
      before === undefined
        ? firstRise(
            reading,
            stored.get(pageSeries(dimension)),
            Math.max(rules.firstSeenAt, since(dimension)),
          )
        : riseOf(reading, before, read.isSteady)
    const account = accountOf(dimension)
    // Beyond what the book can hold: the cursor stays, so that nothing is lost.
    if (rise > 0n && !page.hasRoomFor(account, rise))
      return { dimension, series, outcome: 'skipped', rise: 0n }
    put.push({ resource, source, series: name, value, startedAt, readAt })
    if (rise > 0n) {
      const own = hourOf(readAt)
      const hour = page.firstUnsealedHour(account, own)
      addUsage(page, account, reading.tags, rise, { hour, late: hour !== own })
    }
    return { dimension, series, outcome, rise }
  })
  for (const dimension of read.follows.keys()) {
    const before = stored.get(pageSeries(dimension))
    const isWhole = !skippedIn.has(dimension) && before?.value !== incomplete
    const value = isWhole ? 0n : incomplete
    const { startedAt } = read
    put.push({ resource, source, series: pageSeries(dimension), value, startedAt, readAt })
  }
  const current = new Set(put.map(({ series }) => series))
  // What an earlier process counted never comes back.
  const removed = [...stored.values()].filter(
    (cursor) => !current.has(cursor.series) && isNewer(read.startedAt, cursor.startedAt),
  )
  page.cursors.move({ removed: [...outdated, ...removed], put })
  return counted
}

/** Some counters of the page were skipped: one without a cursor may have been there before. */
const incomplete = microPerUnit

function firstRise(
  { value, startedAt, firstValue }: CounterReading,
  pageBefore: Cursor | undefined,
  since: number,
): { readonly rise: bigint; readonly outcome: CounterOutcome } {
  const none = { rise: 0n, outcome: 'baseline' } as const
  if (firstValue === 'baseline' || startedAt === undefined) return none
  const isSinceOpening = startedAt >= since
  const wasNotThere = pageBefore !== undefined && pageBefore.value !== incomplete
  return isSinceOpening || wasNotThere ? { rise: value, outcome: 'counted' } : none
}
