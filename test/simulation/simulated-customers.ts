import { SidecarError } from '../../src/kernel/errors.ts'
import type { ModelProcess } from '../support/ledger/model-process.ts'
import type { Coverage } from './coverage.ts'

/** The customers of a simulated SaaS product, by key, with their account at AWS. */
export const simulatedCustomers: ReadonlyMap<string, string> = new Map(
  ['acme', 'globex', 'initech', 'hooli'].map((key, index) => [key, `11112222333${index}`]),
)

/** What the application has registered, and had answered. */
export class SimulatedCustomers {
  readonly #coverage: Coverage
  readonly registered = new Set<string>()
  readonly ended = new Set<string>()

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  /** Registers a customer, or ends the licence of one, as an application does that repeats nothing. */
  async change(
    what: 'register' | 'end-licence',
    customer: string,
    process: ModelProcess | undefined,
  ): Promise<void> {
    const book = process?.ledger.customers
    if (book === undefined) return
    const names = { accountId: simulatedCustomers.get(customer) }
    try {
      await (what === 'register'
        ? book.register({ customer, names, reactivates: false })
        : book.end(customer))
      // A process that has died gave no answer.
      if (process?.dead === true) return
      const answered = what === 'register' ? this.registered : this.ended
      answered.add(customer)
      this.#coverage.count(`customer: ${what}`)
      void process?.submitter.tick()
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      this.#coverage.count(`customer: ${what} failed with ${error.code}`)
    }
  }
}
