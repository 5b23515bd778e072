import { createHmac } from 'node:crypto'
import { SidecarError } from '../../kernel/errors.ts'
import { isShared, type Account } from '../../metering/account.ts'
import { microPerUnit } from '../../metering/amount.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import {
  closedKey,
  enteringKey,
  mergeReadings,
  readingKey,
  type Reading,
  type ReadingAggregate,
} from '../../metering/reading.ts'
import type { ReportReceipt, UsageReport } from '../../metering/report.ts'
import { clusterHolder } from '../../metering/slot.ts'
import { membersNote } from '../../store/readings.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import { endAhead } from './end-ahead.ts'
import { closeHourOfAll, placeOfAll } from './close-hour-of-all.ts'
import { closeHour } from './close-readings.ts'
import { addUsage } from '../page/add-usage.ts'
import type { Page } from '../page/page.ts'

/** What of the settings and the product file readings depend on. */
export interface ReadingRules {
  /** How long a value of an `integral` stands when no other follows, ms. */
  readonly staleAfterMs: (dimension: string) => number
  /** Readings, or distinct members, that an hour of an account may have. */
  readonly maxReadings: number
  /** A random secret, for the first member of a book. */
  readonly newSecret: () => string
  /** Whether the clock has shown a later time, and is not there again. */
  readonly isSetBack: (now: number) => boolean
}

/** What a reading is recorded with. */
interface Recording {
  readonly page: Page
  readonly now: number
  readonly rules: ReadingRules
}

/** A reading, and the hour of an account that it belongs to. */
interface PlacedReading {
  readonly open: OpenAccountHour
  readonly reading: Reading
}

/** A larger reading is a mistake. The limit keeps sums over every tag set within what the book holds. */
const largestReading = 10n ** 12n * microPerUnit

/** Throws what a reading must not be: larger than 10^12 units, with a member where none is counted or without one. */
function checkReading(report: UsageReport, { key }: Account): void {
  const { aggregate, dimension } = key
  if ((report.member !== undefined) !== (aggregate === 'unique'))
    throw new SidecarError(
      'InvalidRequest',
      aggregate === 'unique'
        ? `${dimension} counts distinct members. Report {"dimension": ${JSON.stringify(dimension)}, "member": "..."}, without a quantity.`
        : `${dimension} does not count members. Report a quantity.`,
    )
  if (aggregate !== 'sum' && report.quantity > largestReading)
    throw new SidecarError(
      'QuantityTooLarge',
      `A reading of ${dimension} may not be above ${largestReading / microPerUnit} units, so nothing of this request was recorded. Look for a mistake in the unit.`,
    )
}

/**
 * Checks the reports of a request that are readings before any of them is recorded. Throws InvalidRequest,
 * QuantityTooLarge, ReadingsFull.
 */
export function checkReadings(
  recording: Recording,
  reports: readonly UsageReport[],
  accountOf: (report: UsageReport) => Account,
): void {
  const { page, rules } = recording
  const fresh = new Map<string, Set<string>>()
  for (const report of reports) {
    const account = accountOf(report)
    checkReading(report, account)
    if (account.key.aggregate === 'sum') continue
    const { open, reading } = placeReading(recording, report, account)
    if (page.readings.one(open, reading.tags, reading.key) !== undefined) continue
    const name = `${open.hour}|${account.name}`
    const added = fresh.get(name) ?? new Set()
    fresh.set(name, added.add(`${reading.key}|${reading.tags}`))
    if (page.readings.hour(open).count + added.size > rules.maxReadings)
      throw readingsFull(open, rules.maxReadings)
  }
}

/** Records a reading that was checked. */
export function recordReading(
  recording: Recording,
  report: UsageReport,
  account: Account,
): ReportReceipt {
  const { page, now, rules } = recording
  const placed = placeReading(recording, report, account)
  const { open, reading } = placed
  const { hour } = open
  const target = page.firstUnsealedHour(account, hour)
  const { aggregate } = account.key
  if (aggregate === 'last' || aggregate === 'integral') {
    if (!isCounted(recording, placed, target))
      return { result: 'accepted', hour, late: true, counted: false }
    if (rules.isSetBack(now)) endAhead(page, open, reading, now)
    put(page, placed)
    page.readings.reopen(open)
    if (aggregate === 'integral') enterNextHour(page, placed)
    return { result: 'accepted', hour: target, late: target !== hour }
  }
  const place = isShared(account.key) ? placeOfAll(open) : open
  const isClosed = page.readings.hour(place).closed || target !== hour
  if (isClosed) return recordLate(recording, placed, target)
  put(page, placed)
  return { result: 'accepted', hour, late: false }
}

/**
 * Whether a value of `last` or `integral` still counts. An hour that is over and has its amount gets no more.
 * One that was closed before its end, by the end of a sidecar or by another task or pod, goes on: what is read
 * from then on is billed with the next hour that has no record yet.
 */
function isCounted(
  { page, now }: Recording,
  { open, reading }: PlacedReading,
  target: number,
): boolean {
  const { closed, count } = page.readings.hour(open)
  const goesOn = now < open.hour + hourMs
  if (!goesOn && (closed || (count === 0 && target !== open.hour))) return false
  // Releases before this one did not write down what an hour gave.
  if (closed && !page.readings.all(open).some(({ key }) => key === closedKey)) return false
  const given = page.readings.one(open, reading.tags, closedKey)
  return given === undefined || reading.at >= given.at
}

function placeReading(recording: Recording, report: UsageReport, account: Account): PlacedReading {
  const { page, now, rules } = recording
  const aggregate = account.key.aggregate as ReadingAggregate
  const at = report.occurredAt ?? now
  const member = report.member === undefined ? '' : hashOf(recording, report.member, account)
  const reading: Reading = {
    tags: report.tags,
    key: readingKey(aggregate, at, member),
    quantity: aggregate === 'unique' ? microPerUnit : report.quantity,
    at,
    until: at + rules.staleAfterMs(account.key.dimension),
  }
  return { open: { account, resource: page.resource, hour: hourOf(at) }, reading }
}

/** What a value of `max` or `unique` adds to an hour that is over: the rise. */
function recordLate(recording: Recording, placed: PlacedReading, target: number): ReportReceipt {
  const { page, now } = recording
  const { open, reading } = placed
  const { account, hour } = open
  if (isShared(account.key)) return recordLateForAll(recording, placed)
  // A record of other usage may have closed the hour before it had readings.
  if (!page.readings.hour(open).closed) closeHour(page, page.readings.hour(open), now)
  const before = page.readings.one(open, reading.tags, reading.key)?.quantity ?? 0n
  put(page, placed)
  const rise = reading.quantity - before
  const receipt: ReportReceipt = { result: 'accepted', hour: target, late: target !== hour }
  if (rise > 0n) addUsage(page, account, reading.tags, rise, receipt)
  return receipt
}

/** The same for what all tasks or pods share: with what the others have not added yet. */
function recordLateForAll({ page, now }: Recording, placed: PlacedReading): ReportReceipt {
  const { open } = placed
  const { account, hour } = open
  put(page, placed)
  const others = page.readings
    .openHours()
    .filter((each) => each.account.name === account.name && each.hour === hour)
    .filter(({ resource }) => resource !== open.resource)
  const target = page.firstUnsealedHour(account, hour)
  for (const { quantity } of closeHourOfAll(page, [open, ...others], now))
    if (target !== hour) page.addLate(account.key.dimension, target, quantity)
  return { result: 'accepted', hour: target, late: target !== hour }
}

/** A value that still stands when its hour ends is the first of the next one, for as long as it may stand. */
function enterNextHour(page: Page, { open, reading }: PlacedReading): void {
  const hour = open.hour + hourMs
  if (reading.until <= hour) return
  const next = { ...open, hour }
  if (page.readings.hour(next).closed || page.firstUnsealedHour(open.account, hour) !== hour) return
  if (page.readings.one(next, reading.tags, closedKey) !== undefined) return
  put(page, { open: next, reading: { ...reading, key: enteringKey } })
}

function put(page: Page, { open, reading }: PlacedReading): void {
  const aggregate = open.account.key.aggregate as ReadingAggregate
  const before = page.readings.one(open, reading.tags, reading.key)
  const merged = mergeReadings(aggregate, before, reading)
  if (merged !== before) page.readings.put(open, merged, before === undefined)
}

/** Members are kept as hashes that mean nothing outside this book, or outside the database of all who share them. */
function hashOf({ page, rules }: Recording, member: string, { key }: Account): string {
  const secret = isShared(key) ? page.view.note(clusterHolder, membersNote) : ownSecret(page, rules)
  return createHmac('sha256', secret ?? '')
    .update(member)
    .digest('base64url')
    .slice(0, 22)
}

/** The secret of this book, made for its first member. */
function ownSecret(page: Page, { newSecret }: ReadingRules): string {
  const known = page.noted(membersNote)
  if (known !== undefined) return known
  const secret = newSecret()
  page.note(membersNote, secret)
  return secret
}

function readingsFull({ account }: OpenAccountHour, most: number): SidecarError {
  const { aggregate, dimension } = account.key
  return new SidecarError(
    'ReadingsFull',
    `The hour already has ${most} ${aggregate === 'unique' ? 'members' : 'readings'} of ${dimension}, so nothing of this request was recorded. Members that it has are still accepted. Raise SIDECAR_MAX_READINGS.`,
  )
}
