import type { Account } from '../../metering/account.ts'
import type { StreamBatch, StreamPoint } from '../../metering/counter.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import type { RecordWindow } from '../../metering/record/record-window.ts'
import type { Cursor } from '../../store/cursor.ts'
import { addUsage } from '../page/add-usage.ts'
import type { Page } from '../page/page.ts'
import type { CountedSeries, CountRules } from './count-page.ts'
import { followedSince } from './followed-since.ts'

interface StreamRules extends CountRules {
  readonly now: number
  readonly window: Pick<RecordWindow, 'end'>
}

/** Counts what was read of counters. */
export type Count<T, C> = (
  page: Page,
  read: T,
  accountOf: (dimension: string) => Account,
  rules: StreamRules,
) => C[]

/** What one counter gave, in the order of the points. */
export interface CountedStream extends CountedSeries {
  /** Where its usage went. */
  readonly hour: number
}

/** A process that has said nothing for so long is gone. */
const goneAfterMs = 6 * hourMs
/** The cursor of when a counter came whose value was that old: a queue was emptied, and more of it follows. */
const lateSeries = (series: string) => `${series} late`
const isLate = ({ series }: Cursor) => series.endsWith(' late')
/** Counters that began before its start are no longer known: what they show at first is no usage. */
const floorSeries = 'floor'

/**
 * Adds what counters rose by that processes send, and moves their cursors, which belong together. Each start
 * of a counter is a counter of its own, so that processes of the same name are told apart, and a point
 * that comes again, or after a later one, gives nothing.
 */
export function countStreams(
  page: Page,
  { source, points, follows }: StreamBatch,
  accountOf: (dimension: string) => Account,
  rules: StreamRules,
): CountedStream[] {
  const { resource } = page
  const stored = page.cursors.of(resource, source)
  const { since, outdated } = followedSince(page, source, follows, stored, rules.now)
  const floor = forgetGone(page, source, stored, rules.now)
  const siblings = Map.groupBy(stored.values(), ({ series }) => nameIn(series))
  const put = new Map<string, Cursor>()
  let room = rules.readings.maxReadings - stored.size
  const counted = points.map((point): CountedStream => {
    const { dimension, series: shown, value, startedAt, at } = point
    const name = `${dimension} ${shown}`
    const series = `${name} ${point.start}`
    const before = put.get(series) ?? stored.get(series)
    const own = hourOf(Math.min(at - 1, rules.now))
    const give = (outcome: CountedSeries['outcome'], rise = 0n, hour = own) => ({
      dimension,
      series: shown,
      outcome,
      rise,
      hour,
    })
    const move = (to: bigint) => {
      const cursor = { resource, source, series, value: to, startedAt, readAt: at }
      put.set(series, cursor)
      if (at < rules.now - goneAfterMs) {
        const late = lateSeries(series)
        put.set(late, { ...cursor, series: late, value: 0n, readAt: rules.now })
      }
      if (before !== undefined) return
      room -= 1
      siblings.set(name, [...(siblings.get(name) ?? []), cursor])
    }
    const isNews = before === undefined || at > before.readAt || isWithin(point, before)
    if (!isNews) return give('counted')
    if (before !== undefined && value < before.value) return give('fell')
    if (before === undefined && room <= 0) return give('skipped')
    if (before === undefined && !countsWhole(point, Math.max(floor, since(dimension)), rules)) {
      // A counter that was forgotten begins again at what it shows now, not at what it showed before it fell silent.
      if (at >= rules.now - goneAfterMs || startedAt >= floor) move(value)
      return give('baseline')
    }
    const others = before === undefined ? (siblings.get(name) ?? []) : []
    if (others.some(({ readAt }) => readAt > startedAt)) {
      move(0n)
      return give('overlaps')
    }
    const rise = value - (before?.value ?? 0n)
    const account = accountOf(dimension)
    if (!page.hasRoomFor(account, rise)) return give('skipped')
    move(value)
    if (rise === 0n) return give('counted')
    const hour = receivingHour(page, account, point, own, rules)
    addUsage(page, account, point.tags, rise, { hour, late: hour !== own })
    return give('counted', rise, hour)
  })
  page.cursors.move({ removed: outdated, put: [...put.values()] })
  return counted
}

/** Whether all that a counter shows at first came since the task or pod opened the book. */
function countsWhole(
  { firstValue, startedAt }: StreamPoint,
  floor: number,
  { firstSeenAt }: CountRules,
): boolean {
  return firstValue === 'count' && startedAt >= firstSeenAt && startedAt >= floor
}

/** Two values of one millisecond: a counter that never falls had the larger one later. */
function isWithin({ at, value }: StreamPoint, before: Cursor): boolean {
  return at === before.readAt && value > before.value
}

function nameIn(series: string): string {
  return series.slice(0, series.lastIndexOf(' '))
}

/** Removes the cursors of processes that are gone. Returns the start from which on counters are still known. */
function forgetGone(page: Page, source: string, stored: Map<string, Cursor>, now: number): number {
  const before = stored.get(floorSeries)?.startedAt ?? 0
  stored.delete(floorSeries)
  const isOld = ({ readAt }: Cursor) => readAt < now - goneAfterMs
  const late = [...stored.values()].filter(isLate)
  const heard = new Set(late.filter((each) => !isOld(each)).map(({ series }) => nameIn(series)))
  for (const { series } of late) stored.delete(series)
  const gone = [...stored.values()].filter((each) => isOld(each) && !heard.has(each.series))
  const removed = [...late.filter(isOld), ...gone]
  if (removed.length === 0) return before
  for (const { series } of gone) stored.delete(series)
  const starts = gone.map(({ startedAt }) => (startedAt ?? 0) + 1)
  const startedAt = starts.reduce((a, b) => Math.max(a, b), before)
  const { resource } = page
  const floor = { resource, source, series: floorSeries, value: 0n, startedAt, readAt: now }
  page.cursors.move({ removed, put: [floor] })
  return startedAt
}

/** The hour that receives the usage of a point: its own, while AWS accepts records of it. */
function receivingHour(
  page: Page,
  account: Account,
  { at }: StreamPoint,
  own: number,
  { window, now }: StreamRules,
): number {
  const isAccepted = now <= window.end(Math.min(at, now))
  return page.firstUnsealedHour(account, isAccepted ? own : hourOf(now))
}
