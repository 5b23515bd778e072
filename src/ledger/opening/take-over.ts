import { hourOf } from '../../metering/hour.ts'
import {
  possiblyTaken,
  type LateUsagePolicy,
  type MeteringRecord,
} from '../../metering/record/record.ts'
import { isOfAll } from '../../metering/slot.ts'
import { reopenReplaced, type Replacements } from '../decisions/reopen-record.ts'
import { noteUndatedKeys } from '../dated-keys.ts'
import { closeForeignReadings } from '../readings/close-readings.ts'
import type { Page } from '../page/page.ts'
import { holdUsage, returnUsage } from '../settling/settle-record.ts'

export interface TakeoverRules {
  /** Whether usage that another task or pod left is billed with a later hour, or held. */
  readonly lateUsage: LateUsagePolicy
  /** What today's product file replaces; undefined where none says so. */
  readonly replacements?: Replacements | undefined
}

interface Takeover {
  /** The tasks or pods that are gone. */
  readonly abandoned: readonly string[]
  /** How many records they had left, as far as this transaction saw to them; there may be more. */
  readonly records: number
  /** Hours that received usage, or whose records are sent from here. */
  readonly hours: readonly number[]
  /** Refused records whose usage is sealed again under the names of today, as they were. */
  readonly reopened: readonly MeteringRecord[]
}

/**
 * Takes over what tasks or pods left that are gone. What AWS certainly has not taken becomes usage of the
 * page's current hour, or the first after it that AWS has no record of, or is held where late usage is
 * held; but what all share keeps its hour: any sidecar that shares the book seals its open usage, and its
 * records are sent from here as they are. What AWS may have taken becomes unresolved: only who marked a record
 * may ask again. What it refused under a name that the product file replaces gets that of today.
 */
export function takeOver(
  page: Page,
  now: number,
  { lateUsage, replacements }: TakeoverRules,
): Takeover {
  const abandoned = page.view.abandoned(page.resource)
  if (abandoned.length === 0) return { abandoned, records: 0, hours: [], reopened: [] }
  noteUndatedKeys(page, true)
  const left = page.waiting.left(page.resource)
  const reopened = replacements === undefined ? [] : reopenReplaced(page, now, replacements, left)
  const read = closeForeignReadings(page, now, lateUsage === 'hold')
  const { ofAll, ofOne } = recordsOfOthers(page, now)
  for (const record of ofAll) page.takeRecord(record)
  const hours = (lateUsage === 'hold' ? adoptHeld : adopt)(page, ofOne, now)
  const ofReopened = reopened.flatMap(({ id }) => page.record(id)?.movedTo ?? [])
  const ofRows = [...ofAll, ...read].map(({ hour }) => hour)
  const records = left.length
  return { abandoned, records, hours: [...hours, ...ofReopened, ...ofRows], reopened }
}

function adopt(page: Page, records: readonly MeteringRecord[], now: number): number[] {
  const hour = hourOf(now)
  const hours = page.view.leftHours(page.resource).map((open) => {
    const target = page.firstUnsealedHour(open.account, hour)
    page.move(open, target)
    return target
  })
  for (const record of records) {
    const movedTo = returnUsage(page, record, hour)
    page.update(record, { state: 'moved', movedTo, settledAt: now })
    hours.push(movedTo)
  }
  return hours
}

/** The same where late usage is held: all of it waits for an operator. */
function adoptHeld(page: Page, records: readonly MeteringRecord[], now: number): number[] {
  for (const open of page.view.leftHours(page.resource))
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
  return []
}

/** Makes what AWS may have taken unresolved. Returns the records that it certainly has not, by whose hour AWS counts. */
function recordsOfOthers(page: Page, now: number) {
  const ofAll: MeteringRecord[] = []
  const ofOne: MeteringRecord[] = []
  for (const record of page.waiting.left(page.resource)) {
    if (possiblyTaken(record)) page.update(record, { state: 'unresolved', settledAt: now })
    else (isOfAll(record.slot) ? ofAll : ofOne).push(record)
  }
  return { ofAll, ofOne }
}
