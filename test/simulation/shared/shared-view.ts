import { isShared, isUnregistered, type Account } from '../../../src/metering/account.ts'
import type { CustomerNames, Registration } from '../../../src/metering/customer.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { slotName, type Slot } from '../../../src/metering/slot.ts'
import type { ReadingView } from '../../../src/store/readings.ts'
import type {
  HeldHour,
  OpenAccountHour,
  SealableHours,
  SharedRole,
  StoredClaim,
} from '../../../src/store/view.ts'
import { closedName, registrationName } from '../../support/store/model-book.ts'
import { ModelView, readingsOf } from '../../support/store/model-view.ts'
import type { ModelDatabase } from './model-database.ts'

/** What the rules see of a shared book: their own task or pod, what all share, and the dead that they ask for. */
export class SharedView extends ModelView {
  override readonly datesKeys = true
  override readonly readings: ReadingView
  readonly #database: ModelDatabase
  /** Undefined for a command that sees the whole book. */
  readonly #resource: string | undefined
  /** Tasks or pods whose leases end with this transaction. */
  taken: readonly string[] = []

  constructor(database: ModelDatabase, resource: string | undefined) {
    super(database.book)
    this.#database = database
    this.#resource = resource
    const readings = readingsOf(database.book)
    const asked = <Arguments extends unknown[], Answer>(ask: (...of: Arguments) => Answer) => {
      return (...of: Arguments) => {
        this.onAsked()
        return ask(...of)
      }
    }
    this.readings = {
      hour: asked((key) => readings.hour(key)),
      openHours: asked(() => readings.openHours().filter((open) => this.#seesUsage(open))),
      one: asked((key, tags, name) => readings.one(key, tags, name)),
      all: asked((key) => readings.all(key)),
    }
  }

  /** Called when the rules ask what has to be looked at in the transaction that changes it. */
  protected onAsked(): void {}

  override registrations(customer: string): Registration[] {
    this.onAsked()
    return super.registrations(customer)
  }

  override registrationsNaming(names: CustomerNames): Registration[] {
    this.onAsked()
    return super.registrationsNaming(names)
  }

  override isAwaited(customer: string): boolean {
    this.onAsked()
    return super.isAwaited(customer)
  }

  override countAwaited(): number {
    this.onAsked()
    return super.countAwaited()
  }

  override openHours(before: number): OpenAccountHour[] {
    return super.openHours(before).filter((open) => this.#seesUsage(open))
  }

  override sharedRole(): SharedRole {
    if (this.#resource === undefined) return 'alone'
    const living = this.#database.living()
    if (living[0] !== this.#resource) return 'member'
    return living.length === 1 ? 'alone' : 'submitter'
  }

  override sealableHours({
    before,
    endedBefore,
    sharedBefore = before,
  }: SealableHours): OpenAccountHour[] {
    const role = this.sharedRole()
    const endOf = ({ key }: Account) =>
      !isShared(key) || role === 'alone' ? before : Math.min(before, sharedBefore)
    return this.openHours(Math.max(before, endedBefore))
      .filter(({ account: { key } }) => !isUnregistered(key))
      .filter(({ account: { key } }) => role !== 'member' || !isShared(key))
      .filter(({ account, hour }) => hour < endOf(account) || this.#hasEnded(account))
  }

  override isHeld(open: OpenAccountHour): boolean {
    const shared = isShared(open.account.key)
    return super
      .heldHours()
      .some(
        ({ account, resource, hour }) =>
          account.name === open.account.name &&
          hour === open.hour &&
          (shared || resource === open.resource),
      )
  }

  override heldHours(): HeldHour[] {
    return super.heldHours().filter(({ resource }) => this.#isOwn(resource))
  }

  override unsentRecords(): MeteringRecord[] {
    return super.unsentRecords().filter(({ resource }) => this.#sees(resource))
  }

  override inFlightRecords(): MeteringRecord[] {
    return super.inFlightRecords().filter(({ resource }) => this.#isOwn(resource))
  }

  /** Of several, one has to wait for the next transaction. */
  override leftRecords(): MeteringRecord[] {
    return super
      .unsentRecords()
      .filter(({ resource }) => this.taken.includes(resource))
      .slice(0, 2)
  }

  override leftHours(): OpenAccountHour[] {
    return this.openHours(Number.POSITIVE_INFINITY).filter(
      ({ account, resource }) => this.taken.includes(resource) && !isShared(account.key),
    )
  }

  override abandoned(): string[] {
    if (this.#resource === undefined) return []
    const gone = this.#database.abandoned().filter((each) => each !== this.#resource)
    this.taken = gone
    return gone
  }

  override owner(): string | undefined {
    return this.#resource ?? this.#database.ownerForCommands()
  }

  #hasEnded({ key: { customer, identity } }: Account): boolean {
    const name = registrationName(customer, identity)
    return this.#database.book.registrations.get(name)?.endedAt !== undefined
  }

  /** Their own, and what all share. */
  #seesUsage({ account, resource }: Pick<OpenAccountHour, 'account' | 'resource'>): boolean {
    return isShared(account.key) || this.#sees(resource)
  }

  #isOwn(resource: string): boolean {
    return this.#resource === undefined || resource === this.#resource
  }

  #sees(resource: string): boolean {
    return this.#isOwn(resource) || this.taken.includes(resource)
  }
}

/** What a group of reports sees that asks the database nothing: hours as they were a moment ago, and every key new. */
export class ReportView extends SharedView {
  readonly #closed: ReadonlySet<string>
  readonly assumedKeys = new Set<string>()
  /** Whether it was asked what has to be looked at in the transaction that changes it. */
  needsTransaction = false

  constructor(database: ModelDatabase, resource: string | undefined, closed: ReadonlySet<string>) {
    super(database, resource)
    this.#closed = closed
  }

  override claim(token: string): StoredClaim | undefined {
    this.assumedKeys.add(token)
    return undefined
  }

  protected override onAsked(): void {
    this.needsTransaction = true
  }

  override isClosed(slot: Slot, hour: number): boolean {
    return this.#closed.has(closedName(slotName(slot), hour))
  }
}
