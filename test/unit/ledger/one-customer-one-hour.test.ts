import { expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import {
  customerForms,
  type CustomerForm,
  type CustomerNames,
} from '../../../src/metering/customer.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { Chance } from '../../kill/chance.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { ModelStore } from '../../support/store/model-store.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const people = [1, 2].map((index) => ({
  accountId: `11112222333${index}`,
  licenseArn: `arn:aws:license-manager::1:license:l-${index}`,
  identifier: `identifier-${index}`,
}))
/** The application uses any key for anyone. */
const keys = ['acme', 'globex', 'initech']

/** A product whose file, keys and customers change as they like, over one book. */
class Seller {
  readonly clock = new ManualClock()
  readonly #book = new ModelBook()
  readonly #chance: Chance
  readonly done = new Map<string, number>()
  form: CustomerForm
  #ledger: Ledger | undefined

  constructor(chance: Chance) {
    this.#chance = chance
    this.form = chance.pick(customerForms)
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new TypeError('the ledger is not open')
    return this.#ledger
  }

  get #customers() {
    const { customers } = this.ledger
    if (customers === undefined) throw new TypeError('the book has no customers')
    return customers
  }

  async open(form: CustomerForm): Promise<void> {
    await this.#ledger?.close()
    this.form = form
    this.#ledger = await Ledger.open({
      store: new ModelStore({
        book: this.#book,
        nextWriteFailure: () => undefined,
        onCommitted: () => {},
        flush: () => {},
      }),
      resource: 'saas:product',
      clock: this.clock,
      events: new Events(),
      log: createSilentLog(),
      meaningOf: plainMeaning,
      maxPerHour: () => undefined,
      maxTagSets: 10,
      lateUsage: 'carry',
      onFatal: (error) => {
        throw error
      },
      customers: { form, region: 'us-east-1', lateUsage: 'carry' },
    })
  }

  /** Does one of all that a seller can do; what is refused changes nothing. */
  async step(): Promise<void> {
    const [what, act] = this.#draw()
    try {
      await act()
      this.#count(what)
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      this.#count(`${what}: ${error.code}`)
    }
  }

  #count(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1)
  }

  #draw(): [string, () => Promise<unknown>] {
    const chance = this.#chance
    const customer = chance.pick(keys)
    const names = this.#names()
    const occurredAt = chance.happens(0.5)
      ? undefined
      : Math.max(hourOf(this.clock.now()) - chance.integer(0, 2) * hourMs, 0) + 1
    const reactivates = chance.happens(0.5)
    const happens = chance.integer(1, 100)
    if (happens <= 20)
      return ['register', () => this.#customers.register({ customer, names, reactivates })]
    if (happens <= 24) return ['adopt', () => this.#customers.adopt(names)]
    if (happens <= 45)
      return [
        'report',
        () =>
          this.ledger.report({
            reports: [reportOf('requests', unit, { customer, occurredAt })],
            idempotencyKey: undefined,
          }),
      ]
    if (happens <= 57)
      return [
        'record',
        () =>
          this.#customers.reportRecords([
            {
              names,
              dimension: 'requests',
              occurredAt: occurredAt ?? this.clock.now(),
              parts: [{ quantity: unit, tags: untagged }],
            },
          ]),
      ]
    if (happens <= 66) return ['end', () => this.#customers.end(customer)]
    if (happens <= 80) return ['delete', () => this.#customers.delete(customer)]
    if (happens <= 86) return ['change the form', () => this.open(chance.pick(customerForms))]
    if (happens <= 92) return ['advance', () => this.clock.advance(chance.integer(5, 50) * 60_000)]
    return ['send', () => this.send()]
  }

  /** What the application knows of someone: the account in any case. */
  #names(): CustomerNames {
    const { accountId, licenseArn, identifier } = this.#chance.pick(people)
    const knows = () => this.#chance.happens(0.7)
    return {
      accountId,
      ...(this.form === 'license-arn' || knows() ? { licenseArn } : {}),
      ...(this.form === 'identifier' || knows() ? { identifier } : {}),
    }
  }

  async send(): Promise<void> {
    const { ledger, clock } = this
    const sealed = await sealHours(ledger, clock, {}, false, hourOf(clock.now()) + hourMs)
    await ledger.markAll(sealed.map(({ id }) => id))
    const tooLate = { kind: 'too-late', code: 'TimestampOutOfBoundsException' } as const
    await ledger.settleAll(
      sealed.map(({ id }) => [
        id,
        this.#chance.happens(0.1)
          ? { ...tooLate, message: '', policy: 'carry' }
          : { kind: 'accepted', meteringRecordId: `metering-${id}` },
      ]),
    )
  }

  /** What AWS has billed: for each customer and hour the identities that it knows them by. */
  billed(): Map<string, Set<string>> {
    const billed = new Map<string, Set<string>>()
    for (const { state, slot, hour } of this.#book.records.values()) {
      if (state === 'moved') continue
      const person = people.findIndex((names) =>
        Object.values(names).some((name) => slot.holder.includes(name)),
      )
      const name = `${person}|${new Date(hour).toISOString()}`
      billed.set(name, (billed.get(name) ?? new Set()).add(`${slot.holder}|${slot.productCode}`))
    }
    return billed
  }
}

test('no customer and hour is billed under two identity forms or two keys, whatever a seller does', async () => {
  const done = new Map<string, number>()
  let hours = 0
  for (let seed = 1; seed <= 150; seed += 1) {
    const seller = new Seller(new Chance(seed))
    await seller.open(seller.form)
    for (let step = 0; step < 60; step += 1) await seller.step()
    await seller.clock.advance(6 * hourMs)
    await seller.send()
    await seller.send()
    expect(imbalancesOf(await seller.ledger.audit())).toEqual([])
    for (const [hour, identities] of seller.billed()) {
      hours += 1
      expect({ seed, hour, identities: [...identities] }).toEqual({
        seed,
        hour,
        identities: [expect.any(String)],
      })
    }
    for (const [what, times] of seller.done) done.set(what, (done.get(what) ?? 0) + times)
    await seller.ledger.close()
  }
  expect(hours).toBeGreaterThan(300)
  for (const what of ['register', 'delete', 'end', 'change the form', 'send'])
    expect(done.get(what)).toBeGreaterThan(50)
  expect([...done.keys()]).toContain('register: CustomerIdentityTaken')
  expect([...done.keys()]).toContain('delete: CustomerNotSettled')
}, 30_000)
