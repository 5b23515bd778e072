import type { Events, Step } from '../../kernel/events.ts'
import type { LateUsagePolicy } from '../../metering/record/record.ts'
import { batchMeterUsageWindow } from '../../metering/record/record-window.ts'
import { recordTimestamp, hourMs } from '../../metering/hour.ts'
import type { CustomerForm, CustomerNames, Registration } from '../../metering/customer.ts'
import type { CustomerRecord, RecordOutcome } from '../../metering/report.ts'
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
import { reportRecords, usageOfRecords } from '../reporting/report-records.ts'
import type { ReportRules } from '../reporting/report-usage.ts'
import { adoptCustomer, namedCustomer } from './named-customer.ts'
import { registerCustomer, type NewCustomer, type RegistrationRules } from './register-customer.ts'

/** What the product file says of its customers. */
export interface CustomerRules {
  readonly form: CustomerForm
  readonly region: string
  readonly lateUsage: LateUsagePolicy
}

type Run = <T>(operation: (page: Page) => T, step?: Step) => Promise<T>
type ReportRulesOn = (page: Page) => ReportRules

interface CustomerBookOptions {
  /** Runs a change in a group of commands. */
  readonly run: Run
  readonly now: () => number
  readonly rules: CustomerRules
  readonly reportRules: ReportRulesOn
  readonly events: Events
  readonly reader: Pick<BookReader, 'customers' | 'customer'>
}

/** The customers of a SaaS product. Every change resolves when it is on disk. */
export class CustomerBook {
  readonly #run: Run
  readonly #now: () => number
  readonly #rules: CustomerRules
  readonly #reportRules: ReportRulesOn
  readonly #events: Events
  readonly #reader: Pick<BookReader, 'customers' | 'customer'>

  constructor({ run, now, rules, reportRules, events, reader }: CustomerBookOptions) {
    this.#reportRules = reportRules
    this.#events = events
    this.#run = run
    this.#now = now
    this.#rules = rules
    this.#reader = reader
  }

  /** Throws CustomerNamesIncomplete, CustomerIdentityTaken. */
  register(customer: NewCustomer): Promise<Registration> {
    return this.#run((page) =>
      registerCustomer(page, customer, this.#now(), this.#registrationRules),
    )
  }

  /**
   * Registers the customer whom AWS has named, under the key that it has or one made of the names.
   * Throws CustomerNamesIncomplete, CustomerNamesUnclear, CustomerIdentityTaken.
   */
  adopt(names: CustomerNames): Promise<Registration> {
    return this.#run((page) => {
      const customer = namedCustomer(page, names, this.#rules).key
      const rules = this.#registrationRules
      return (
        adoptCustomer(page, { names, reactivates: true }, this.#now(), rules) ??
        registerCustomer(page, { customer, names, reactivates: true }, this.#now(), rules)
      )
    })
  }

  /**
   * Records a batch by AWS's rule, whole or not at all; one outcome for each record. A customer whom a record
   * names by all that AWS bills by is registered by it; usage of any other unknown one waits.
   */
  async reportRecords(records: readonly CustomerRecord[]): Promise<RecordOutcome[]> {
    const refusals = new Map<string, Error>()
    const names = new Map(records.map(({ names: each }) => [JSON.stringify(each), each]))
    const adopted = [...names].map(([name, each]) =>
      this.#run((page) => {
        // The rules run again where the book was not all there: what they found then does not count.
        refusals.delete(name)
        try {
          const customer = { names: each, reactivates: false }
          adoptCustomer(page, customer, this.#now(), this.#registrationRules)
        } catch (error) {
          if (error instanceof Error) refusals.set(name, error)
          throw error
        }
      }),
    )
    // Joins the group of the registrations, after them.
    const written = this.#run((page) => {
      for (const refused of refusals.values()) throw refused
      const rules = { ...this.#reportRules(page), naming: this.#rules }
      return reportRecords(page, records, rules, this.#now())
    }, 'report-written')
    const [outcomes] = await Promise.all([written, ...adopted])
    for (const usage of usageOfRecords(records, outcomes)) this.#events.emit('usageReported', usage)
    return outcomes
  }

  /** From now on usage of the customer is sealed and sent at once. Throws CustomerNotFound. */
  end(customer: string): Promise<Registration> {
    return this.#run((page) => endCustomer(page, customer, this.#now()))
  }

  /** Applies an event of AWS once. */
  apply(event: LicenceEvent): Promise<EventResult> {
    return this.#run((page) => applyEvent(page, event, this.#rules.form, this.#now()))
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

  get #registrationRules(): RegistrationRules {
    return registrationRulesOf(this.#rules)
  }

  /** Throws CustomerNotFound, CustomerNotSettled. */
  delete(customer: string): Promise<void> {
    return this.#run((page) => deleteCustomer(page, customer, this.#now()))
  }
}

interface OpenOptions {
  readonly store: CustomerBookOptions['reader']
  readonly events: Events
  readonly reportRules: ReportRulesOn
  readonly clock: { now(): number }
  readonly customers?: CustomerRules | undefined
}

/** The customers of a ledger's book; undefined where its product has none. */
export function openCustomers(
  { store, clock, customers: rules, events, reportRules }: OpenOptions,
  run: Run,
): CustomerBook | undefined {
  if (rules === undefined) return undefined
  return new CustomerBook({
    run,
    now: () => clock.now(),
    rules,
    reportRules,
    events,
    reader: store,
  })
}

/** What the product file says of registrations. */
export function registrationRulesOf(rules: CustomerRules): RegistrationRules {
  return { ...rules, windowEnd: endOfHour }
}

/** When AWS stops to accept the record of a whole hour. */
function endOfHour(hour: number): number {
  return batchMeterUsageWindow.end(recordTimestamp(hour, hour + hourMs))
}
