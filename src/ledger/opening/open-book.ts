import { meaningName, type AccountKey, type Meaning } from '../../metering/account.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { retiredNote } from '../../store/summary.ts'
import type { MeaningSums } from '../../store/view.ts'
import { registrationRulesOf, type CustomerRules } from '../customers/customer-book.ts'
import { receiveRegistered } from '../customers/receive-waiting.ts'
import type { Page } from '../page/page.ts'
import { noteUndatedKeys } from '../dated-keys.ts'
import { announcedNote } from '../decisions/trail.ts'
import { decisionsNote } from '../../store/summary.ts'
import { takeOver, type TakeoverRules } from './take-over.ts'

/** What usage of a dimension means by today's product file; undefined for one that it does not have. */
export type MeaningOf = (dimension: string) => TodaysMeaning | undefined

interface TodaysMeaning extends Pick<AccountKey, 'productCode' | 'divisor'> {
  /** `sum` without it. */
  readonly aggregate?: AccountKey['aggregate'] | undefined
  /** `resource` without it. */
  readonly scope?: AccountKey['scope'] | undefined
  /** How long a value of an `integral` stands when no other follows, ms. */
  readonly staleAfterMs?: number | undefined
}

export interface OpeningRules extends TakeoverRules {
  readonly meaningOf: MeaningOf
  /** What the product file says of its customers; undefined where the buyer runs the task or pod. */
  readonly customers?: CustomerRules | undefined
}

/** A meaning that today's product file does not have, and what of it has not been sealed. */
export interface RetiredMeaning extends MeaningSums {
  /** Hours with readings, over all its accounts. */
  readonly readingHours: number
}

/** What opening the book found and changed. */
export interface Opening {
  /** Tasks or pods that are gone, and whose usage is this one's from now on. */
  readonly abandoned: readonly string[]
  /** Whether what it left is held. */
  readonly holds: boolean
  /** As far as accounts hold open usage, readings or a fraction with them. */
  readonly retired: readonly RetiredMeaning[]
  /** Refused records that others left, whose usage is sealed again under the names of today. */
  readonly reopened: readonly MeteringRecord[]
}

/**
 * Makes the page's task or pod the owner of the book. An attempt that was under way when the process
 * ended may have reached AWS. What other tasks or pods left is taken over. Accounts whose meaning is not
 * today's are noted as retired: their open usage is sealed as it was reported.
 */
export function openBook(
  page: Page,
  now: number,
  { meaningOf, lateUsage, replacements, customers }: OpeningRules,
): Opening {
  const before = page.view.owner()
  if (before !== page.resource) {
    page.takeOwnership(now)
    // What operators decided stays with the book, and what of it was announced.
    for (const name of [decisionsNote, announcedNote]) {
      const trail = before === undefined ? undefined : page.view.note(before, name)
      if (trail !== undefined) page.note(name, trail)
    }
  }
  noteUndatedKeys(page, before !== undefined && before !== page.resource)
  for (const record of page.waiting.inFlight())
    page.update(record, { ambiguous: true, inFlight: false })
  const { abandoned, reopened } = takeOver(page, now, { lateUsage, replacements })
  if (customers !== undefined) receiveRegistered(page, now, registrationRulesOf(customers))
  const retired = page.view.meanings().filter(({ key }) => !isCurrent(key, meaningOf))
  page.note(retiredNote, JSON.stringify(retired.map(({ key }) => meaningName(key))))
  const hours = readingHoursOf(page, retired)
  const holding = retired
    .map((sums) => ({ ...sums, readingHours: hours.get(meaningName(sums.key)) ?? 0 }))
    .filter(({ open, fraction, readingHours }) => open > 0n || fraction > 0n || readingHours > 0)
  return { abandoned, holds: lateUsage === 'hold', retired: holding, reopened }
}

/** How many hours have readings, by the name of their meaning. Sums have none, and so need no look. */
function readingHoursOf(page: Page, retired: readonly MeaningSums[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  if (retired.every(({ key }) => key.aggregate === 'sum')) return counts
  for (const { account } of page.readings.openHours()) {
    const name = meaningName(account.key)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function isCurrent(key: Meaning, meaningOf: MeaningOf): boolean {
  const today = meaningOf(key.dimension)
  const { productCode, divisor, aggregate = 'sum', scope = 'resource' } = today ?? {}
  return (
    productCode === key.productCode &&
    divisor === key.divisor &&
    aggregate === key.aggregate &&
    scope === key.scope
  )
}
