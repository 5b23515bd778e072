import { isUnregistered, type Account } from '../../../metering/account.ts'
import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import { customerHolder } from '../../../metering/slot.ts'
import type { CustomerView, OpenAccountHour, SealableHours } from '../../view.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** The customers of what is loaded. A registration is named by its customer and identity. */
export abstract class CustomerLoadingView implements CustomerView {
  readonly #of: Loaded['ofTransaction']

  constructor(loaded: Loaded) {
    this.#of = loaded.ofTransaction
  }

  abstract accounts(): readonly Account[]
  abstract openHours(before: number): readonly OpenAccountHour[]

  registrations(customer: string): Registration[] {
    return this.#live().filter((each) => each.customer === customer)
  }

  registrationsNaming({ accountId, licenseArn, identifier }: CustomerNames): Registration[] {
    const same = (a: string | undefined, b: string | undefined) => a !== undefined && a === b
    return this.#live().filter(
      ({ names }) =>
        same(names.accountId, accountId) ||
        same(names.licenseArn, licenseArn) ||
        same(names.identifier, identifier),
    )
  }

  isAwaited(customer: string): boolean {
    return this.accountsOf(customer).some(({ key }) => isUnregistered(key))
  }

  countAwaited(): number {
    const registered = new Set(this.#live().map(({ customer }) => customer))
    const waiting = this.accounts().filter(({ key }) => isUnregistered(key))
    const customers = new Set(waiting.map(({ key }) => key.customer))
    return [...customers].filter((customer) => !registered.has(customer)).length
  }

  accountsOf(customer: string): Account[] {
    return this.accounts().filter(({ key }) => key.customer === customer)
  }

  openHoursOf({ name }: Account): OpenAccountHour[] {
    return this.openHours(Number.POSITIVE_INFINITY)
      .filter(({ account }) => account.name === name)
      .toSorted((a, b) => a.hour - b.hour)
  }

  sealableHours({ before, endedBefore, limit }: SealableHours): OpenAccountHour[] {
    const registrations = this.#of.registrations.ask(all, true, [])
    const ended = new Set(
      registrations.filter(({ endedAt }) => endedAt !== undefined).map(registrationName),
    )
    return this.openHours(Math.max(before, endedBefore))
      .filter(({ account }) => !isUnregistered(account.key))
      .filter(({ account: { key }, hour }) => {
        if (hour < before) return true
        const { customer, identity } = key
        return identity !== undefined && ended.has(registrationName({ customer, identity }))
      })
      .slice(0, limit)
  }

  lastHour(registration: Registration): number | undefined {
    return this.#usageOf(registration).lastHour
  }

  isUnsettled(registration: Registration): boolean {
    return this.#usageOf(registration).isUnsettled
  }

  #live(): Registration[] {
    const registrations = this.#of.registrations.ask(all, true, [])
    return registrations.filter(({ deletedAt }) => deletedAt === undefined)
  }

  #usageOf(registration: Registration) {
    const name = registrationName(registration)
    return this.#of.customers.ask(name, registration, { lastHour: undefined, isUnsettled: false })
  }
}

function registrationName({
  customer,
  identity,
}: Pick<Registration, 'customer' | 'identity'>): string {
  return JSON.stringify([customer, customerHolder(identity)])
}
