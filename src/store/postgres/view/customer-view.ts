import type { Account } from '../../../metering/account.ts'
import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import type { LicenceState } from '../../../metering/licence.ts'
import { customerHolder } from '../../../metering/slot.ts'
import type { CustomerView, OpenAccountHour } from '../../view.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** The customers of what is loaded. A registration is named by its customer and identity. */
export abstract class CustomerLoadingView implements CustomerView {
  readonly #of: Loaded['ofTransaction']

  constructor(loaded: Loaded) {
    this.#of = loaded.ofTransaction
  }

  registrations(customer: string): readonly Registration[] {
    return this.#of.registrations.ask(customer, customer, [])
  }

  registrationsNaming(names: CustomerNames): readonly Registration[] {
    const { accountId, licenseArn, identifier } = names
    const name = JSON.stringify([accountId ?? null, licenseArn ?? null, identifier ?? null])
    return this.#of.registrationsNaming.ask(name, names, [])
  }

  licence(key: string): LicenceState | undefined {
    return this.#of.licences.ask(key, key, undefined)
  }

  isAwaited(customer: string): boolean {
    return this.#of.isAwaited.ask(customer, customer, false)
  }

  countAwaited(): number {
    return this.#of.countAwaited.ask(all, true, 0)
  }

  accountsOf(customer: string): readonly Account[] {
    return this.#of.accountsOf.ask(customer, customer, [])
  }

  openHoursOf(account: Account): readonly OpenAccountHour[] {
    return this.#of.openHoursOf.ask(account.name, account, [])
  }

  lastHour(registration: Registration): number | undefined {
    return this.#usageOf(registration).lastHour
  }

  isUnsettled(registration: Registration): boolean {
    return this.#usageOf(registration).isUnsettled
  }

  #usageOf(registration: Registration) {
    const name = registrationName(registration)
    return this.#of.customers.ask(name, registration, { lastHour: undefined, isUnsettled: false })
  }
}

/** Equal for the same customer under the same identity. */
export function registrationName({
  customer,
  identity,
}: Pick<Registration, 'customer' | 'identity'>): string {
  return JSON.stringify([customer, customerHolder(identity)])
}
