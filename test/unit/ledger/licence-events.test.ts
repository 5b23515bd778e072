import { describe, expect, test } from 'vitest'
import {
  applyEvent,
  deleteCustomer,
  endCustomer,
  type LicenceEvent,
} from '../../../src/ledger/customers/end-customer.ts'
import { registerCustomer } from '../../../src/ledger/customers/register-customer.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { CustomerForm, CustomerNames } from '../../../src/metering/customer.ts'
import { Chance } from '../../kill/chance.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const start = Date.parse('2026-03-10T09:00:00Z')
const first: CustomerNames = { accountId: '111122223333', licenseArn: 'arn:aws:l-1' }
const second: CustomerNames = { accountId: '111122223333', licenseArn: 'arn:aws:l-2' }
const older: CustomerNames = { accountId: '111122223333', identifier: 'acme1' }

/** Something that happens at a minute. AWS's events arrive then or later, and perhaps twice. */
interface Step {
  readonly at: number
  readonly event?: Pick<LicenceEvent, 'names' | 'change'>
  readonly command?: (page: Page, now: number) => void
}

const rulesOf = (form: CustomerForm) => ({
  form,
  region: 'us-east-1',
  windowEnd: () => Number.POSITIVE_INFINITY,
  lateUsage: 'carry' as const,
})
const register =
  (form: CustomerForm, names: CustomerNames, reactivates = false) =>
  (page: Page, now: number) => {
    registerCustomer(page, { customer: 'acme', names, reactivates }, now, rulesOf(form))
  }
const end = (page: Page, now: number) => void endCustomer(page, 'acme', now)
const remove = (page: Page, now: number) => deleteCustomer(page, 'acme', now)
const ended = (names: CustomerNames) => ({ names, change: 'ended' as const })
const active = (names: CustomerNames) => ({ names, change: 'active' as const })

/** Which licences of the customer have ended, after the steps in the order of their arrival. */
function licencesAfter(form: CustomerForm, arrived: readonly Step[]) {
  const book = new ModelBook()
  const group = (run: (page: Page) => void) => {
    const page = openPage(book, 'saas:product')
    page.takeOwnership(start)
    run(page)
    book.apply(page.changes())
  }
  // The id of an event has nothing to do with its time: what counts is not that it came once.
  for (const [index, { at, event, command }] of arrived.entries())
    group((page) => {
      const now = start + at * 60_000
      command?.(page, now)
      if (event !== undefined) applyEvent(page, { ...event, id: `${index}`, at: now }, form, now)
    })
  const live = [...book.registrations.values()].filter(({ deletedAt }) => deletedAt === undefined)
  return live.map(({ identity, endedAt }) => [identity.value, endedAt])
}

/** All orders in which the steps can arrive: commands in theirs, and nothing before it has happened. */
function ordersOf(steps: readonly Step[]): Step[][] {
  if (steps.length === 0) return [[]]
  return steps.flatMap((next, index) => {
    const rest = steps.toSpliced(index, 1)
    const isTooEarly = rest.some(({ at, command }) => command !== undefined && at < next.at)
    return isTooEarly ? [] : ordersOf(rest).map((order) => [next, ...order])
  })
}

describe('events of AWS in any order leave the licence in the same state:', () => {
  test.each<[string, CustomerForm, Step[]]>([
    [
      'an end and an older renewal',
      'license-arn',
      [
        { at: 0, command: register('license-arn', first) },
        { at: 5, event: active(first) },
        { at: 6, event: ended(first) },
      ],
    ],
    [
      'a cancellation, its completion and a new subscription',
      'identifier',
      [
        { at: 0, command: register('identifier', older) },
        { at: 1, event: active(older) },
        { at: 5, event: ended(older) },
        { at: 6, event: ended(older) },
        { at: 7, event: active(older) },
      ],
    ],
    [
      'a new licence after the end of the old one',
      'license-arn',
      [
        { at: 0, command: register('license-arn', first, true) },
        { at: 4, event: ended(first) },
        { at: 5, event: active(second) },
        { at: 6, command: register('license-arn', second) },
        { at: 7, event: ended(second) },
        { at: 8, event: active(second) },
      ],
    ],
    [
      'an end that is known before the customer is registered',
      'license-arn',
      [
        { at: 1, event: active(first) },
        { at: 2, event: ended(first) },
        { at: 3, command: register('license-arn', first) },
      ],
    ],
    [
      'events that name the customer in two ways',
      'account',
      [
        { at: 0, command: register('account', { accountId: '111122223333' }) },
        { at: 1, event: ended({ accountId: '111122223333' }) },
        { at: 2, event: active({ identifier: 'acme1' }) },
        { at: 3, command: register('account', older) },
        { at: 4, event: ended(older) },
      ],
    ],
    [
      'an end and a renewal in the same second',
      'license-arn',
      [
        { at: 0, command: register('license-arn', first) },
        { at: 5, event: active(first) },
        { at: 5, event: ended(first) },
      ],
    ],
  ])('%s', (_, form, steps) => {
    const states = new Set(
      ordersOf(steps).map((order) => JSON.stringify(licencesAfter(form, order))),
    )
    expect([...states]).toHaveLength(1)
  })

  test('drawn by chance, with decisions of the application, deletions and repeats', () => {
    let orders = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const chance = new Chance(seed)
      const form = chance.pick(['license-arn', 'account', 'identifier'] as const)
      const licences = form === 'license-arn' ? [first, second] : [older]
      const names = (): CustomerNames => {
        const drawn = chance.pick(licences)
        if (form !== 'account' || chance.happens(0.5)) return drawn
        return { accountId: drawn.accountId }
      }
      const steps: Step[] = [
        { at: 0, command: register(form, licences[0] ?? first, chance.happens(0.5)) },
      ]
      while (steps.length < 7) {
        const at = steps.length + (chance.happens(0.2) ? -1 : 0)
        const next = { at: steps.length }
        const reactivates = chance.happens(0.5)
        const kind = chance.integer(1, 10)
        if (kind <= 7) steps.push({ at, event: (chance.happens(0.5) ? ended : active)(names()) })
        else if (kind === 8) steps.push({ ...next, command: end })
        else if (kind === 9)
          steps.push(
            { ...next, command: remove },
            { at: next.at + 0.5, command: register(form, names()) },
          )
        else {
          const again = form === 'license-arn' ? second : names()
          steps.push({ ...next, command: register(form, again, reactivates) })
        }
      }
      const inTime = JSON.stringify(
        licencesAfter(
          form,
          steps.toSorted((a, b) => a.at - b.at),
        ),
      )
      const all = ordersOf(steps)
      for (let drawn = 0; drawn < 12; drawn += 1) {
        const order = chance.pick(all)
        const twice = order.flatMap((step) =>
          step.event !== undefined && chance.happens(0.3) ? [step, step] : [step],
        )
        orders += 1
        expect([seed, JSON.stringify(licencesAfter(form, twice))]).toEqual([seed, inTime])
      }
    }
    expect(orders).toBe(720)
  })
})

describe('the state itself', () => {
  const register0 = { at: 0, command: register('license-arn', first) }

  test.each<[string, Step[], number | undefined]>([
    [
      'is the end, when an older renewal comes late',
      [
        { at: 6, event: ended(first) },
        { at: 5, event: active(first) },
      ],
      6,
    ],
    [
      'is active, when an older end comes late',
      [
        { at: 6, event: active(first) },
        { at: 5, event: ended(first) },
      ],
      undefined,
    ],
    [
      'is the end, when both happened in the same second',
      [
        { at: 5, event: ended(first) },
        { at: 5, event: active(first) },
      ],
      5,
    ],
    [
      'is active after a renewal that is newer than the decision to end it',
      [
        { at: 5, command: end },
        { at: 6, event: active(first) },
      ],
      undefined,
    ],
    [
      'is the end after a renewal that is older than the decision to end it',
      [
        { at: 5, command: end },
        { at: 4, event: active(first) },
      ],
      5,
    ],
    [
      'is active, when AWS named the customer after the end',
      [
        { at: 5, command: register('license-arn', first, true) },
        { at: 4, event: ended(first) },
      ],
      undefined,
    ],
    [
      'is active after a deletion, when an older end comes late',
      [
        { at: 5, command: remove },
        { at: 6, command: register('license-arn', first) },
        { at: 4, event: ended(first) },
      ],
      undefined,
    ],
  ])('%s', (_, steps, minute) => {
    expect(licencesAfter('license-arn', [register0, ...steps])).toEqual([
      [expect.anything(), minute === undefined ? undefined : start + minute * 60_000],
    ])
  })

  test('of a licence that another replaced ends without the other', () => {
    const renewed = { at: 3, command: register('license-arn', second) }
    const states = licencesAfter('license-arn', [
      register0,
      renewed,
      { at: 5, event: ended(first) },
    ])
    expect(states.map(([, endedAt]) => endedAt)).toEqual([start + 300_000, undefined])
  })

  test('is not that of another licence of the same customer, which ended before it was registered', () => {
    const names = (licence: CustomerNames) => ({ ...licence, identifier: 'acme1' })
    const states = licencesAfter('license-arn', [
      { at: 1, event: ended(names(first)) },
      { at: 2, command: register('license-arn', names(second)) },
    ])
    expect(states.map(([, endedAt]) => endedAt)).toEqual([undefined])
  })

  test('is that of every licence under which the customer was registered, once the application ends it', () => {
    const renewed = { at: 3, command: register('license-arn', second) }
    const states = licencesAfter('license-arn', [register0, renewed, { at: 5, command: end }])
    expect(states.map(([, endedAt]) => endedAt)).toEqual([start + 300_000, start + 300_000])
  })
})

test('an event is answered with what became of it', () => {
  const book = new ModelBook()
  const group = <T>(run: (page: Page) => T): T => {
    const page = openPage(book, 'saas:product')
    const result = run(page)
    book.apply(page.changes())
    return result
  }
  const apply = (id: string, names: CustomerNames, at: number) =>
    group((page) =>
      applyEvent(page, { ...ended(names), id, at: start + at }, 'license-arn', start + 60_000),
    )
  group((page) => {
    page.takeOwnership(start)
    register('license-arn', first)(page, start)
  })
  expect(apply('one', first, 2)).toBe('accepted')
  expect(apply('one', first, 2)).toBe('duplicate')
  expect(apply('older', first, 1)).toBe('ignored')
  expect(apply('of a stranger', second, 3)).toBe('ignored')
  expect(book.claims.get('event:one')).toMatchObject({ receipts: [] })
  expect(book.claims.has('event:older')).toBe(false)
  expect(() => group((page) => deleteCustomer(page, 'a stranger', start))).toThrow(
    'No customer is registered under this key',
  )
})

test('a deletion ends what has not ended before, and leaves the end of what has', () => {
  const book = new ModelBook()
  const page = openPage(book, 'saas:product')
  page.takeOwnership(start)
  register('license-arn', first)(page, start)
  register('license-arn', second)(page, start + 1)
  applyEvent(page, { ...ended(first), id: 'one', at: start + 2 }, 'license-arn', start + 3)
  deleteCustomer(page, 'acme', start + 4)
  book.apply(page.changes())
  expect(
    [...book.registrations.values()].map(({ endedAt, deletedAt }) => [endedAt, deletedAt]),
  ).toEqual([
    [start + 2, start + 4],
    [start + 4, start + 4],
  ])
})
