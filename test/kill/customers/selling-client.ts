import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from '../chance.ts'
import type { KnownCustomer } from './customer-names.ts'

interface SellingClientOptions {
  readonly name: string
  readonly port: number
  readonly chance: Chance
  /** This application's own. */
  readonly customers: readonly KnownCustomer[]
  /** Called when a registration, or the end of a licence, was answered with 200. */
  readonly onAnswered: (what: 'registered' | 'ended') => void
}

/** Usage of one report, by the name that `nameOf` gives it. */
type Amounts = ReadonlyMap<string, number>

const patienceMs = 2000
const retryPauseMs = 20
const dimensions = ['requests', 'storage'] as const

export function nameOf(customer: string, dimension: string): string {
  return `${customer}/${dimension}`
}

/**
 * The seller's application: it reports usage of customers, those whom it has not registered yet as well, and
 * now and then registers one or ends a licence. Each request is repeated until it is answered.
 */
export class SellingClient {
  readonly #options: SellingClientOptions
  readonly #stopping = new AbortController()
  #serial = 0
  #underWay: Amounts = new Map()
  /** Units. */
  readonly acknowledged = new Map<string, number>()
  readonly registered = new Set<string>()
  readonly ended = new Set<string>()
  /** Reports of customers who were not registered. */
  waitingReports = 0
  reports = 0
  readonly violations: string[] = []

  constructor(options: SellingClientOptions) {
    this.#options = options
  }

  /** What was reported and is not acknowledged. */
  get underWay(): Amounts {
    return this.#underWay
  }

  async run(): Promise<void> {
    const { chance, customers } = this.#options
    while (!this.#stopping.signal.aborted) {
      const customer = chance.pick(customers)
      const isNew = !this.registered.has(customer.key)
      if (isNew && chance.happens(0.08)) await this.#register(customer)
      else if (!isNew && chance.happens(0.04)) await this.#end(customer)
      else await this.#report()
      await pause(chance.integer(0, 20))
    }
    // What waits is billed only after the registration.
    for (const customer of customers)
      if (!this.registered.has(customer.key)) await this.#register(customer)
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** A few customers in one request, which counts whole or not at all. */
  async #report(): Promise<void> {
    const { chance, customers, name } = this.#options
    this.#serial += 1
    const reports = Array.from({ length: chance.integer(1, 6) }, (_, index) => ({
      customer: chance.pick(customers).key,
      dimension: chance.pick(dimensions),
      quantity: chance.integer(1, 9),
      idempotencyKey: `${name}-${this.#serial}-${index}`,
    }))
    const amounts = new Map<string, number>()
    for (const { customer, dimension, quantity } of reports) {
      const key = nameOf(customer, dimension)
      amounts.set(key, (amounts.get(key) ?? 0) + quantity)
    }
    this.#underWay = amounts
    await this.#untilAnswered('POST', '/v1/usage', { reports })
    for (const [key, quantity] of amounts)
      this.acknowledged.set(key, (this.acknowledged.get(key) ?? 0) + quantity)
    this.#underWay = new Map()
    this.reports += reports.length
    this.waitingReports += reports.filter(({ customer }) => !this.registered.has(customer)).length
  }

  async #register({ key, names }: KnownCustomer): Promise<void> {
    await this.#untilAnswered('PUT', `/v1/customers/${key}`, names)
    this.registered.add(key)
    this.#options.onAnswered('registered')
  }

  async #end({ key }: KnownCustomer): Promise<void> {
    await this.#untilAnswered('POST', `/v1/customers/${key}/end`)
    this.ended.add(key)
    this.#options.onAnswered('ended')
  }

  async #untilAnswered(method: string, path: string, body?: object): Promise<void> {
    for (;;) {
      const status = await this.#ask(method, path, body)
      if (status === 200) return
      if (status !== undefined && status < 500) {
        this.violations.push(`answered ${status} to ${method} ${path} ${JSON.stringify(body)}`)
        return
      }
      await pause(retryPauseMs)
    }
  }

  /** Undefined without a whole answer. */
  async #ask(method: string, path: string, body?: object): Promise<number | undefined> {
    const { port, chance } = this.#options
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
        signal: AbortSignal.timeout(chance.happens(0.02) ? chance.integer(1, 4) : patienceMs),
      })
      await response.arrayBuffer()
      return response.status
    } catch {
      return undefined
    }
  }
}
