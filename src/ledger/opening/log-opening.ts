import { toIso } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import type { Opening, RetiredMeaning } from './open-book.ts'

/** Logs that the book was left by another task or pod, and usage that the product file no longer has. */
export function logOpening(
  identity: string,
  { abandoned, holds, retired, reopened }: Opening,
  log: Log,
): void {
  logTakeover(identity, { abandoned, holds }, log)
  logReopened(reopened, log)
  for (const meaning of retired) logRetired(meaning, log)
}

/** Logs refused records whose usage is sealed again under the names of today. */
export function logReopened(reopened: Opening['reopened'], log: Log): void {
  for (const { id, dimension, hour, lastCode } of reopened)
    log(
      'record.reopened',
      `Record ${id} of ${dimension} was refused (${lastCode}), and the product file says what replaces its product code or dimension: its usage is sealed and sent again with it.`,
      { record: id, dimension, hour: toIso(hour), code: lastCode },
    )
}

/** Logs that usage which other tasks or pods left is this one's from now on. */
export function logTakeover(
  identity: string,
  { abandoned, holds }: Pick<Opening, 'abandoned' | 'holds'>,
  log: Log,
): void {
  for (const from of abandoned)
    log(
      'ledger.adopted',
      `The ledger belonged to ${from}. What AWS had not accepted is ${holds ? 'held until an operator decides, because late usage is held' : `billed by ${identity} in its current hour`}, but records of customers and of a whole cluster are sent as they are; what AWS may have accepted is unresolved: see "marketplace-sidecar ledger show".`,
      { from },
    )
}

function logRetired({ key, open, readingHours, fraction }: RetiredMeaning, log: Log): void {
  const { dimension, productCode, divisor } = key
  const meaning = `product code ${productCode} and divisor ${divisor}`
  const sentences = [
    `The product file no longer has ${dimension} with ${meaning}.`,
    ...(readingHours > 0
      ? [
          `Readings of ${readingHours === 1 ? 'one hour' : `${readingHours} hours`} are sealed and sent with them.`,
        ]
      : []),
    ...(open > 0n
      ? [
          `${formatQuantity(open)} units that were reported with them are sealed and sent with them.`,
        ]
      : []),
    ...(fraction > 0n
      ? [
          `A fraction of ${formatQuantity(fraction)} units is billed only with further usage of that kind.`,
        ]
      : []),
  ]
  log('ledger.retired', sentences.join(' '), { dimension, productCode, divisor: String(divisor) })
}
