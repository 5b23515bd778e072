import { isUnregistered, type Account } from '../../metering/account.ts'
import {
  isSameIdentity,
  mayBillOne,
  type CustomerForm,
  type CustomerIdentity,
  type CustomerNames,
  type Registration,
} from '../../metering/customer.ts'
import { laterOf, type LicenceState } from '../../metering/licence.ts'
import { customerHolder } from '../../metering/slot.ts'
import type { CustomerView, OpenAccountHour } from '../../store/view.ts'
import type { HeldUsage } from '../page/held-usage.ts'
import type { OpenUsage } from '../page/open-usage.ts'
import type { PageRecords } from '../page/page-records.ts'

/** What AWS calls a customer, the most exact first. */
const exactness = ['licenseArn', 'identifier', 'accountId'] as const

/** Where this group puts usage. */
interface Places {
  readonly open: Pick<OpenUsage, 'withAdded'>
  readonly held: Pick<HeldUsage, 'added'>
  readonly records: Pick<PageRecords, 'sealedHours'>
}

/** The customers while one group of commands changes them: the store's under what the group has done. */
export class CustomerPage {
  readonly #view: CustomerView
  readonly #places: Places
  /** By identity. */
  readonly #changed = new Map<string, Registration>()
  readonly #licences = new Map<string, LicenceState>()
  readonly #awaited = new Set<string>()
  /** What `#of` found, until a registration changes. */
  readonly #found = new Map<string, Registration[]>()
  readonly #onChange: () => void

  constructor(view: CustomerView, places: Places, onChange: () => void) {
    this.#view = view
    this.#places = places
    this.#onChange = onChange
  }

  /** The registrations of a customer, the oldest first. */
  registrations(customer: string): Registration[] {
    return this.#of(customer).filter(isLive)
  }

  /** The registration of a customer under an identity. */
  registeredAs(customer: string, identity: CustomerIdentity): Registration | undefined {
    return this.registrations(customer).find((each) => isSameIdentity(identity, each.identity))
  }

  /**
   * The registrations, deleted ones too, that bill the same customer of AWS under another form: those of the
   * same key, and those that share one of AWS's names.
   */
  inOtherForms(registration: Registration): Registration[] {
    const others = this.#naming(registration.names).filter((each) => mayBillOne(each, registration))
    const found = [...this.#of(registration.customer), ...others].filter(
      ({ identity }) => identity.form !== registration.identity.form,
    )
    return [...new Map(found.map((each) => [nameOf(each), each])).values()]
  }

  /** Whether the hour is one of the same customer under another form: of an earlier registration, or by a record. */
  billsElsewhere(account: Account, hour: number, hasRecord: (other: Account) => boolean): boolean {
    const { customer, identity } = account.key
    if (identity === undefined) return false
    const startsAt = this.registeredAs(customer, identity)?.startsAt ?? 0
    return hour < startsAt || this.otherForms(account).some(hasRecord)
  }

  /** What was said last of the licence or subscription that has one of these keys of AWS. */
  licence(keys: readonly string[]): LicenceState | undefined {
    return keys
      .map((key) => this.#licences.get(key) ?? this.#view.licence(key))
      .reduce(laterOf, undefined)
  }

  /** Notes what was said of the licence or subscription that has these keys of AWS. */
  noteLicence(keys: readonly string[], state: LicenceState): void {
    for (const key of keys) this.#licences.set(key, state)
  }

  /** The registrations of other customers that can bill the same customer of AWS. */
  rivalsOf(registration: Registration): Registration[] {
    return this.#naming(registration.names).filter(
      (each) =>
        isLive(each) && each.customer !== registration.customer && mayBillOne(each, registration),
    )
  }

  /** The newest registration that AWS means by these names: by the licence where they have one. */
  named(names: CustomerNames): Registration | undefined {
    const key = exactness.find((name) => names[name] !== undefined)
    return key && this.#sharing(names, key).at(-1)
  }

  /**
   * The registrations that a product with customers of this form means by these names, the oldest first:
   * those of the licence, else those of the identifier, else those of the account. A licence that none has
   * is never that of another licence of the account.
   */
  namedBy(names: CustomerNames, form: CustomerForm): Registration[] {
    const byLicence = form === 'license-arn' && names.licenseArn !== undefined
    for (const key of exactness) {
      const sharing = names[key] === undefined ? [] : this.#sharing(names, key)
      const found =
        key === 'accountId' && byLicence
          ? sharing.filter(({ identity }) => identity.form !== 'license-arn')
          : sharing
      if (found.length > 0) return found
    }
    return []
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
    return this.#accountsOf(customer)
      .filter((other) => other.key.dimension === dimension)
      .filter(({ key: { identity: its } }) => its !== undefined && its.form !== identity.form)
  }

  /** Hours with usage that waits for a registration under this key. */
  waitingHours(customer: string): OpenAccountHour[] {
    const waits = ({ key }: Account) => key.customer === customer && isUnregistered(key)
    const stored = this.#accountsOf(customer)
      .filter(waits)
      .flatMap((account) => this.#view.openHoursOf(account))
    return this.#places.open.withAdded(stored, ({ account }) => waits(account))
  }

  /** The last hour that has usage or a record of a registration; undefined where none has. */
  lastHour(registration: Registration): number | undefined {
    const stored = this.#view.lastHour(registration)
    const hours = this.#addedFor(registration)
    return [...hours, ...(stored === undefined ? [] : [stored])].toSorted((a, b) => a - b).at(-1)
  }

  /** Whether anything of a registration is open, held, on its way to AWS or unresolved. */
  isUnsettled(registration: Registration): boolean {
    return this.#addedFor(registration).length > 0 || this.#view.isUnsettled(registration)
  }

  /** Writes a registration down, or its end. */
  put(registration: Registration): void {
    this.#changed.set(nameOf(registration), registration)
    this.#found.clear()
    this.#onChange()
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

  /** What counts of licences from now on, by their keys of AWS. */
  licences(): ReadonlyMap<string, LicenceState> {
    return this.#licences
  }

  /** Those of the store, and those that this group adds usage to. */
  #accountsOf(customer: string): Account[] {
    const added = this.#places.open.withAdded(
      [],
      ({ account: { key } }) => key.customer === customer,
    )
    const accounts = [...this.#view.accountsOf(customer), ...added.map(({ account }) => account)]
    return [...new Map(accounts.map((account) => [account.name, account])).values()]
  }

  /** Hours to which this group adds usage of a registration, of which it holds some, or which it has sealed. */
  #addedFor({ customer, identity }: Registration): number[] {
    const isOwn = ({ account: { key } }: OpenAccountHour) =>
      key.customer === customer && isSameIdentity(identity, key.identity)
    const { open, held, records } = this.#places
    const usage = [...open.withAdded([], isOwn), ...held.added().filter(isOwn)]
    return [...usage.map(({ hour }) => hour), ...records.sealedHours(customerHolder(identity))]
  }

  #sharing(names: CustomerNames, key: keyof CustomerNames): Registration[] {
    const sharing = this.#naming(names).filter(
      (each) => isLive(each) && each.names[key] === names[key],
    )
    return [...new Set(sharing)]
  }

  /** All of a customer, deleted ones too, in the order of their coming. */
  #of(customer: string): Registration[] {
    const before = this.#found.get(customer)
    if (before !== undefined) return before
    const stored = this.#view.registrations(customer)
    const known = new Set(stored.map(nameOf))
    const added = [...this.#changed].filter(
      ([name, each]) => each.customer === customer && !known.has(name),
    )
    const found = inOrder([
      ...stored.map((each) => this.#now(each)),
      ...added.map(([, each]) => each),
    ])
    this.#found.set(customer, found)
    return found
  }

  /** Those that have one of the names, and those that this group has changed; deleted ones too. */
  #naming(names: CustomerNames): Registration[] {
    const stored = this.#view.registrationsNaming(names).map((each) => this.#now(each))
    return inOrder([...stored, ...this.#changed.values()])
  }

  #now(stored: Registration): Registration {
    return this.#changed.get(nameOf(stored)) ?? stored
  }
}

/** The oldest first: one that was deleted and registered again is new. */
function inOrder(registrations: readonly Registration[]): Registration[] {
  return registrations.toSorted((a, b) => a.createdAt - b.createdAt)
}

function isLive({ deletedAt }: Registration): boolean {
  return deletedAt === undefined
}

function nameOf({ customer, identity: { form, value } }: Registration): string {
  return JSON.stringify([customer, form, value])
}
