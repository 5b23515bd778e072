import { SidecarError } from '../../kernel/errors.ts'
import { accountOf, type AccountKey } from '../../metering/account.ts'
import { sumOf } from '../../metering/cell.ts'
import { hourOf } from '../../metering/hour.ts'
import type { HeldHour } from '../../store/view.ts'
import type { MeaningOf } from '../opening/open-book.ts'
import type { Page } from '../page/page.ts'

/** Held usage after an operator decided. */
interface DecidedUsage {
  readonly account: AccountKey
  /** The hour that it was held for. */
  readonly hour: number
  readonly quantity: bigint
  /** The hour that it is billed with. */
  readonly releasedTo: number
}

/**
 * Bills held usage with the first unsealed hour of the book's owner, from the current one on, whose guard
 * does not count it again. Usage whose divisor is not known gets today's meaning. Throws HeldNotFound,
 * UnknownDimension.
 */
export function releaseHeld(
  page: Page,
  id: number,
  now: number,
  meaningOf: MeaningOf,
): DecidedUsage {
  const held = findHeld(page, id)
  const account =
    held.reason === 'no-divisor' ? accountOf(todaysKey(held.account.key, meaningOf)) : held.account
  const cells = page.release(held)
  const quantity = sumOf(cells)
  page.transfer(held.account, account, quantity)
  const releasedTo = page.firstUnsealedHour(account, hourOf(now))
  for (const { tags, quantity: part } of cells) page.addUnguarded(account, releasedTo, tags, part)
  return { account: account.key, hour: held.hour, quantity, releasedTo }
}

/** The held hour of an id, as `ledger show` lists it. Throws HeldNotFound. */
function findHeld(page: Page, id: number): HeldHour {
  const held = page.heldHours().find((each) => each.id === id)
  if (held === undefined) throw heldNotFound(id)
  return held
}

/** The error for an id under which nothing is held. */
export function heldNotFound(id: number): SidecarError {
  return new SidecarError(
    'HeldNotFound',
    `No usage is held under the id ${id}; nothing was changed. "ledger show" lists the ids.`,
  )
}

function todaysKey(key: AccountKey, meaningOf: MeaningOf): AccountKey {
  const meaning = meaningOf(key.dimension)
  if (meaning === undefined)
    throw new SidecarError(
      'UnknownDimension',
      `The product file does not have ${key.dimension}, and the ledger does not say what its usage means; nothing was changed. Release it with an image whose product file has the dimension, or write it off.`,
    )
  return { ...key, productCode: meaning.productCode, divisor: meaning.divisor }
}
