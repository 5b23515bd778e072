import { batchMeterUsageWindow } from '../../metering/record-window.ts'
import { recordTimestamp, hourMs } from '../../metering/hour.ts'
import type { CustomerForm, Registration } from '../../metering/customer.ts'
import type { Page } from '../page/page.ts'
import type { CustomerSummary, CustomerUsage } from '../../store/customer-summary.ts'
import type { BookReader } from '../../store/store.ts'
import {
  applyEvent,
  customerNotFound,
  deleteCustomer,
  endCustomer,
  type EventResult,
  type LicenceEvent,
} from './end-customer.ts'
import { registerCustomer, type NewCustomer } from './register-customer.ts'

/** What the product file says of its customers. */
export interface CustomerRules {
  readonly form: CustomerForm
  readonly region: string
  readonly lateUsage: 'carry' | 'hold'
}

interface CustomerBookOptions {
  /** Runs a change in a group of commands. */
  readonly run: <T>(operation: (page: Page) => T) => Promise<T>
  readonly now: () => number
  readonly rules: CustomerRules
  readonly reader: Pick<BookReader, 'customers' | 'customer'>
}

/** The customers of a SaaS product. Every change resolves when it is on disk. */
export class CustomerBook {
  readonly #run: <T>(operation: (page: Page) => T) => Promise<T>
  readonly #now: () => number
  readonly #rules: CustomerRules
  readonly #reader: Pick<BookReader, 'customers' | 'customer'>

  constructor({ run, now, rules, reader }: CustomerBookOptions) {
    this.#run = run
    this.#now = now
    this.#rules = rules
    this.#reader = reader
  }

  /** Throws CustomerNamesIncomplete, CustomerIdentityTaken. */
  register(customer: NewCustomer): Promise<Registration> {
    const rules = { ...this.#rules, windowEnd: endOfHour }
    return this.#run((page) => registerCustomer(page, customer, this.#now(), rules))
  }

  /** From now on usage of the customer is sealed and sent at once. Throws CustomerNotFound. */
  end(customer: string): Promise<Registration> {
    return this.#run((page) => endCustomer(page, customer, this.#now()))
  }

  /** Applies an event of AWS once. */
  apply(event: LicenceEvent): Promise<EventResult> {
    return this.#run((page) => applyEvent(page, event, this.#now()))
  }

  /** Customers in the order of their keys, after one of them. */
  list(after: string, limit: number): Promise<readonly CustomerSummary[]> {
    return this.#reader.customers(after, limit)
  }

  /** Where the usage of a customer is. Throws CustomerNotFound. */
  async usage(customer: string): Promise<CustomerUsage> {
    const usage = await this.#reader.customer(customer, this.#now())
    if (usage === undefined) throw customerNotFound()
    return usage
  }

  /** Throws CustomerNotFound, CustomerNotSettled. */
  delete(customer: string): Promise<void> {
    return this.#run((page) => deleteCustomer(page, customer, this.#now()))
  }
}

interface OpenOptions {
  readonly store: CustomerBookOptions['reader']
  readonly clock: { now(): number }
  readonly customers?: CustomerRules | undefined
}

/** The customers of a ledger's book; undefined where its product has none. */
export function openCustomers(
  { store, clock, customers: rules }: OpenOptions,
  run: CustomerBookOptions['run'],
): CustomerBook | undefined {
  return rules && new CustomerBook({ run, now: () => clock.now(), rules, reader: store })
}

/** When AWS stops to accept the record of a whole hour. */
function endOfHour(hour: number): number {
  return batchMeterUsageWindow.end(recordTimestamp(hour, hour + hourMs))
}
