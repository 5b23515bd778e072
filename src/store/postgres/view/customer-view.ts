import { isShared, isUnregistered, type Account } from '../../../metering/account.ts'
import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import { customerHolder } from '../../../metering/slot.ts'
import type { CustomerView, OpenAccountHour, SealableHours, SharedRole } from '../../view.ts'
import type { Loaded } from './loaded.ts'
import { all } from './shelf.ts'

/** The customers of what is loaded. A registration is named by its customer and identity. */
export abstract class CustomerLoadingView implements CustomerView {
  readonly #of: Loaded['ofTransaction']

  constructor(loaded: Loaded) {
    this.#of = loaded.ofTransaction
  }

  abstract openHours(before: number): readonly OpenAccountHour[]
  abstract sharedRole(): SharedRole

  registrations(customer: string): readonly Registration[] {
    return this.#of.registrations.ask(customer, customer, [])
  }

  registrationsNaming(names: CustomerNames): readonly Registration[] {
    const { accountId, licenseArn, identifier } = names
    const name = JSON.stringify([accountId ?? null, licenseArn ?? null, identifier ?? null])
    return this.#of.registrationsNaming.ask(name, names, [])
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

  openHoursOf({ name }: Account): OpenAccountHour[] {
    return this.openHours(Number.POSITIVE_INFINITY)
      .filter(({ account }) => account.name === name)
      .toSorted((a, b) => a.hour - b.hour)
  }

  sealableHours({
    before,
    endedBefore,
    sharedBefore = before,
    limit,
  }: SealableHours): OpenAccountHour[] {
    const role = this.sharedRole()
    const endOf = ({ key }: Account) =>
      !isShared(key) || role === 'alone' ? before : Math.min(before, sharedBefore)
    const ended = this.#of.ended.ask(all, true, new Set())
    const due = this.openHours(Math.max(before, endedBefore))
      .filter(({ account: { key } }) => !isUnregistered(key))
      .filter(({ account: { key } }) => role !== 'member' || !isShared(key))
      .filter(({ account, hour }) => {
        if (hour < endOf(account)) return true
        const { customer, identity } = account.key
        return identity !== undefined && ended.has(registrationName({ customer, identity }))
      })
    return due.slice(0, endOfHour(due, limit))
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

/** After so many, or more where several tasks or pods share the last hour: one record takes them all. */
function endOfHour(due: readonly OpenAccountHour[], limit = due.length): number {
  const last = due[limit - 1]
  const next = due.findIndex(
    ({ account, hour }, index) =>
      index >= limit && (account.name !== last?.account.name || hour !== last.hour),
  )
  return next === -1 ? due.length : next
}

/** Equal for the same customer under the same identity. */
export function registrationName({
  customer,
  identity,
}: Pick<Registration, 'customer' | 'identity'>): string {
  return JSON.stringify([customer, customerHolder(identity)])
}
