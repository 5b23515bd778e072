import type { Account } from '../../metering/account.ts'
import { mayBillOne, type CustomerNames, type Registration } from '../../metering/customer.ts'
import type { CustomerView } from '../../store/view.ts'

/** The customers while one group of commands changes them: the store's under what the group has done. */
export class CustomerPage {
  readonly #view: CustomerView
  /** By identity. */
  readonly #changed = new Map<string, Registration>()
  readonly #awaited = new Set<string>()

  constructor(view: CustomerView) {
    this.#view = view
  }

  /** The registrations of a customer, the oldest first. */
  registrations(customer: string): Registration[] {
    if (this.#changed.size === 0) return [...this.#view.registrations(customer)]
    const stored = this.#view.registrations(customer)
    const known = new Set(stored.map(nameOf))
    const added = [...this.#changed].filter(
      ([name, each]) => each.customer === customer && !known.has(name),
    )
    return [...stored.map((each) => this.#now(each)), ...added.map(([, each]) => each)].filter(
      ({ deletedAt }) => deletedAt === undefined,
    )
  }

  /** The registrations of other customers that can bill the same customer of AWS. */
  rivalsOf(registration: Registration): Registration[] {
    return this.#naming(registration.names).filter(
      (each) => each.customer !== registration.customer && mayBillOne(each, registration),
    )
  }

  /** The newest registration that AWS means by these names: by the licence where they have one. */
  named(names: CustomerNames): Registration | undefined {
    const { accountId, licenseArn, identifier } = names
    const wanted = licenseArn ?? identifier ?? accountId
    const key =
      licenseArn !== undefined
        ? 'licenseArn'
        : identifier !== undefined
          ? 'identifier'
          : 'accountId'
    return this.#naming(names)
      .filter((each) => each.names[key] === wanted)
      .at(-1)
  }

  /**
   * Accounts that bill the same usage under another form. AWS would bill an hour under both, so an hour
   * of one is closed to the others.
   */
  otherForms({ key }: Account): Account[] {
    const { identity, customer, dimension } = key
    if (identity === undefined) return []
    const registrations = this.registrations(customer)
    if (registrations.every((each) => each.identity.form === identity.form)) return []
    return this.#view
      .accountsOf(customer)
      .filter((other) => other.key.dimension === dimension)
      .filter(({ key: { identity: its } }) => its !== undefined && its.form !== identity.form)
  }

  /** Writes a registration down, or its end. */
  put(registration: Registration): void {
    this.#changed.set(nameOf(registration), registration)
  }

  /** Notes that usage of a customer waits for a registration. Returns false when too many wait. */
  admits(customer: string, most: number): boolean {
    if (this.#awaited.has(customer) || this.#view.isAwaited(customer)) return true
    if (this.#view.countAwaited() + this.#awaited.size >= most) return false
    this.#awaited.add(customer)
    return true
  }

  changes(): Registration[] {
    return [...this.#changed.values()]
  }

  #naming(names: CustomerNames): Registration[] {
    const stored = this.#view.registrationsNaming(names).map((each) => this.#now(each))
    return [...stored, ...this.#changed.values()].filter(({ deletedAt }) => deletedAt === undefined)
  }

  #now(stored: Registration): Registration {
    return this.#changed.get(nameOf(stored)) ?? stored
  }
}

function nameOf({ customer, identity: { form, value } }: Registration): string {
  return JSON.stringify([customer, form, value])
}
