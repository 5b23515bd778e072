import { SidecarError } from '../../kernel/errors.ts'
import { accountOf } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { windowOf } from '../../metering/record/record-window.ts'
import { possiblyTaken, usageOfPart, type MeteringRecord } from '../../metering/record/record.ts'
import type { BookReader } from '../../store/store.ts'
import { afterwards, findInState } from './operator-actions.ts'
import type { Page } from '../page/page.ts'

const unknownCode = 'InvalidProductCodeException'
const unknownDimension = 'InvalidUsageDimensionException'
/** AWS's answers to names that it does not know. */
const namesUnknown: readonly (string | undefined)[] = [unknownCode, unknownDimension]

/** What today's product file calls usage that was reported under an earlier one. */
export interface TodaysNames {
  readonly productCode: string
  /** The dimension of this name, or the one that replaces it; undefined for one that is gone. */
  readonly dimensionOf: (dimension: string) => string | undefined
}

/** The same, with what the product file says to replace automatically. */
export interface Replacements extends TodaysNames {
  readonly replacesCode: (productCode: string) => boolean
}

/**
 * Reopens those of these records that AWS refused because it does not know their product code or dimension, where
 * today's product file says what replaces it. Returns them as they were.
 */
export function reopenReplaced(
  page: Page,
  now: number,
  today: Replacements,
  records: readonly MeteringRecord[],
): MeteringRecord[] {
  const replaced = records
    .filter((record) => record.state === 'refused' && !possiblyTaken(record))
    .filter(({ lastCode, productCode, dimension }) => {
      const name = today.dimensionOf(dimension)
      if (lastCode === unknownCode) return name !== undefined && today.replacesCode(productCode)
      return lastCode === unknownDimension && name !== undefined && name !== dimension
    })
  for (const { id } of replaced) reopenRefused(page, id, now, today)
  return replaced
}

/** How many records are read, and reopened in one transaction: there may be tens of thousands. */
const reopenedAtOnce = 200

/**
 * Reopens every refused record of this task or pod that the product file replaces, a part of them in each
 * transaction. Yields them as they were.
 */
export async function* reopenAllReplaced(
  run: <T>(rule: (page: Page) => T) => Promise<T>,
  ledger: Pick<BookReader, 'pendingRecords'>,
  now: number,
  today: Replacements,
): AsyncGenerator<MeteringRecord[]> {
  let after = { hour: Number.MIN_SAFE_INTEGER, id: 0 }
  for (;;) {
    const page = await ledger.pendingRecords({ after, limit: reopenedAtOnce })
    const ids = page.filter(({ lastCode }) => namesUnknown.includes(lastCode)).map(({ id }) => id)
    if (ids.length > 0)
      yield await run((book) => {
        const records = ids.flatMap((id) => book.record(id) ?? [])
        return reopenReplaced(book, now, today, records)
      })
    const last = page.at(-1)
    if (last === undefined || page.length < reopenedAtOnce) return
    after = last
  }
}

/** A record whose hour ends its window sooner than this is sent with the current hour instead. */
const marginMs = hourMs / 2

/**
 * Gives the usage of a refused record that AWS certainly has not today's product code and dimension, and never
 * another divisor: it goes to the first unsealed hour, from its own on while AWS accepts that. Throws
 * RecordNotFound, RecordStateMismatch, UnknownDimension.
 */
export function reopenRefused(
  page: Page,
  id: number,
  now: number,
  today: TodaysNames,
): MeteringRecord {
  const record = findInState(page, id, 'refused', 'reopened')
  if (possiblyTaken(record))
    throw new SidecarError(
      'RecordStateMismatch',
      `AWS may have record ${id} from an earlier attempt, and only records that it certainly does not have can be reopened; nothing was changed. Send it again unchanged with "ledger retry".`,
    )
  const dimension = today.dimensionOf(record.dimension)
  if (dimension === undefined)
    throw new SidecarError(
      'UnknownDimension',
      `The product file has neither ${record.dimension} nor a dimension that replaces it; nothing was changed. Correct the product file, or write the record off.`,
    )
  const { productCode } = today
  const moved = page.update(record, {
    state: 'moved',
    lastCode: 'Reopened',
    lastMessage: `Its usage was sealed again as ${dimension} of ${productCode}${afterwards(record)}`,
    settledAt: now,
  })
  const { end } = windowOf(record.slot.channel === 'batch-meter-usage')
  const isInTime = now < end(record.timestamp) - marginMs
  const from = isInTime ? record.hour : hourOf(now)
  const hours = record.parts.map((part) => {
    const account = accountOf({ ...part.account, productCode, dimension })
    const cells = usageOfPart(part)
    page.transfer(accountOf(part.account), account, sumOf(cells))
    const hour = page.firstUnsealedHour(account, from)
    for (const { tags, quantity } of cells) page.addUnguarded(account, hour, tags, quantity)
    return hour
  })
  return page.update(moved, { movedTo: Math.min(...hours) })
}
