import { SidecarError } from '../../kernel/errors.ts'
import { accountOf, type Account } from '../../metering/account.ts'
import { placeOfCustomer, type Meaning, type UsagePlace } from '../customers/customer-accounts.ts'
import type { MeaningOf } from '../opening/open-book.ts'
import type { Page } from '../page/page.ts'
import type { ReportRules } from './report-usage.ts'

function wrongCustomer(isMissing: boolean): SidecarError {
  return new SidecarError(
    'InvalidCustomer',
    isMissing
      ? "The product has customers, and the report names none, so nothing of this request was recorded. Name the customer by the application's own key in the member customer, with POST /v1/usage."
      : 'The route of this product is not saas: the buyer is the one who runs the task or pod. Leave customer out.',
  )
}

/** The accounts that usage reported now belongs to, by today's product file. */
export class UsageAccounts {
  readonly #meaningOf: MeaningOf
  readonly #hasCustomers: boolean
  /** By dimension: those of the buyer. */
  readonly #known = new Map<string, Account>()

  constructor(meaningOf: MeaningOf, hasCustomers: boolean) {
    this.#meaningOf = meaningOf
    this.#hasCustomers = hasCustomers
  }

  /** The account of the buyer who runs the task or pod. */
  ofBuyer(dimension: string): Account {
    const meaning = this.#meaning(dimension)
    const known = this.#known.get(dimension)
    const { productCode, divisor, aggregate, scope } = meaning
    if (
      known?.key.productCode === productCode &&
      known.key.divisor === divisor &&
      known.key.aggregate === aggregate &&
      known.key.scope === scope
    )
      return known
    const account = accountOf({ ...meaning, customer: '' })
    this.#known.set(dimension, account)
    return account
  }

  /** Where usage goes that is reported while a group of commands changes the book. */
  placesOn(page: Page): ReportRules['placeOf'] {
    // A request asks for the same place several times, and for that of each report of a batch.
    const known = new Map<string, { readonly own: number; readonly place: UsagePlace }>()
    return ({ dimension, customer, identity }, hour) => {
      if ((customer !== undefined) !== this.#hasCustomers) throw wrongCustomer(this.#hasCustomers)
      if (customer !== undefined)
        return placeOfCustomer(page, this.#meaning(dimension), { customer, identity }, hour)
      const last = known.get(dimension)
      if (last?.own === hour) return last.place
      const account = this.ofBuyer(dimension)
      const place = { account, hour: page.firstUnsealedHour(account, hour) }
      known.set(dimension, { own: hour, place })
      return place
    }
  }

  #meaning(dimension: string): Meaning {
    const meaning = this.#meaningOf(dimension)
    if (meaning === undefined) throw new TypeError(`the product has no dimension ${dimension}`)
    const { productCode, divisor, aggregate = 'sum', scope = 'resource' } = meaning
    return { productCode, divisor, dimension, aggregate, scope }
  }
}
