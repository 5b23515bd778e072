import type { Account, AccountKey } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import { hourOf } from '../../metering/hour.ts'
import { possiblyTaken, type MeteringRecord } from '../../metering/record.ts'
import { retiredNote } from '../../store/summary.ts'
import type { Page } from '../page.ts'
import { reopenReplaced, type Replacements } from '../decisions/reopen-record.ts'
import { holdUsage, returnUsage } from '../settle-record.ts'

/** What usage of a dimension means by today's product file; undefined for one that it does not have. */
export type MeaningOf = (
  dimension: string,
) => Pick<AccountKey, 'productCode' | 'divisor'> | undefined

export interface OpeningRules {
  readonly meaningOf: MeaningOf
  /** Whether usage that another task or pod left is billed with a later hour, or held. */
  readonly lateUsage: 'carry' | 'hold'
  /** What today's product file replaces; undefined where none says so. */
  readonly replacements?: Replacements | undefined
}

export interface RetiredAccount {
  readonly key: AccountKey
  readonly open: bigint
  readonly fraction: bigint
}

export interface Opening {
  /** The task or pod that owned the book before, when it was another one. */
  readonly adoptedFrom: string | undefined
  /** Whether what it left is held. */
  readonly holds: boolean
  /** Accounts that today's product file does not have, as far as they hold open usage or a fraction. */
  readonly retired: readonly RetiredAccount[]
  /** Refused records whose usage is sealed again under the names of today. */
  readonly reopened: readonly MeteringRecord[]
}

/**
 * Makes the page's task or pod the owner of the book. An attempt that was under way when the process
 * ended may have reached AWS. When another task or pod owned the book, what AWS certainly has not taken
 * becomes usage of the new owner's current hour, or the first after it that AWS has no record of; what
 * AWS may have taken becomes unresolved, because only its own task or pod could ask again. Accounts whose
 * meaning is not today's are noted as retired: their open usage is sealed as it was reported.
 */
export function openBook(
  page: Page,
  now: number,
  { meaningOf, lateUsage, replacements }: OpeningRules,
): Opening {
  const before = page.view.owner()
  if (before !== page.resource) page.takeOwnership(now)
  for (const record of page.unsentRecords())
    if (record.inFlight) page.update(record, { ambiguous: true, inFlight: false })
  const reopened = replacements === undefined ? [] : reopenReplaced(page, now, replacements)
  const adoptedFrom = before === page.resource ? undefined : before
  if (adoptedFrom !== undefined) (lateUsage === 'hold' ? adoptHeld : adopt)(page, now)
  const retired = page.view.accounts().filter(({ key }) => !isCurrent(key, meaningOf))
  page.note(retiredNote, JSON.stringify(retired.map(({ name }) => name)))
  return { adoptedFrom, holds: lateUsage === 'hold', retired: holdings(page, retired), reopened }
}

function isCurrent({ dimension, productCode, divisor }: AccountKey, meaningOf: MeaningOf): boolean {
  const today = meaningOf(dimension)
  return today?.productCode === productCode && today.divisor === divisor
}

function holdings(page: Page, accounts: readonly Account[]): RetiredAccount[] {
  const hours = page.openHours(Number.POSITIVE_INFINITY)
  return accounts
    .map((account) => ({
      key: account.key,
      open: sumOf(
        hours
          .filter((open) => open.account.name === account.name)
          .flatMap((open) => page.cells(open)),
      ),
      fraction: page.fraction(account),
    }))
    .filter(({ open, fraction }) => open > 0n || fraction > 0n)
}

function adopt(page: Page, now: number): void {
  const hour = hourOf(now)
  const records = leaveUnresolved(page, now)
  for (const open of page.openHours(Number.POSITIVE_INFINITY)) {
    const cells = page.empty(open)
    const target = page.firstUnsealedHour(open.account, hour)
    for (const { tags, quantity } of cells) page.add(open.account, target, tags, quantity)
  }
  for (const record of records)
    page.update(record, {
      state: 'moved',
      movedTo: returnUsage(page, record, hour),
      settledAt: now,
    })
}

/** The same where late usage is held: all of it waits for an operator. */
function adoptHeld(page: Page, now: number): void {
  const records = leaveUnresolved(page, now)
  for (const open of page.openHours(Number.POSITIVE_INFINITY))
    page.hold({ ...open, reason: 'adopted' }, page.empty(open), now)
  for (const record of records) {
    page.update(record, {
      state: 'moved',
      lastCode: 'HeldByAdoption',
      lastMessage: 'Another task or pod left it, and late usage is held.',
      settledAt: now,
    })
    holdUsage(page, record, 'adopted', now)
  }
}

/** Makes what AWS may have taken unresolved. Returns the records that it certainly has not. */
function leaveUnresolved(page: Page, now: number): MeteringRecord[] {
  const records = page.unsentRecords()
  for (const record of records.filter(possiblyTaken))
    page.update(record, { state: 'unresolved', settledAt: now })
  return records.filter((record) => !possiblyTaken(record))
}
