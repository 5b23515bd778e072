import { describe, expect, test } from 'vitest'
import { dueHours, sealHours } from '../../../src/ledger/sealing/seal-hours.ts'
import { sealedRecord } from '../../../src/ledger/sealing/sealed-record.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import type { SealInput, SealPlan } from '../../../src/metering/record/seal-plan.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { defaultRules } from '../../support/ledger/seal-rules.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const ten = nine + hourMs
const accountWith = (divisor: bigint) =>
  accountOf({
    productCode: 'product',
    customer: '',
    dimension: 'requests',
    divisor,
    aggregate: 'sum',
    scope: 'cluster',
  })
const account = accountWith(1n)
const taggedBy = (pod: string) => canonicalTags([{ key: 'pod', value: pod }])

/** A page of pod:2 in a book to whose hour of 9 o'clock both pods have added usage. */
function pageOfBoth(...accounts: readonly ReturnType<typeof accountWith>[]) {
  const book = new ModelBook()
  for (const resource of ['pod:1', 'pod:2']) {
    const page = openPage(book, resource)
    page.takeOwnership(nine)
    for (const each of accounts) {
      page.count(each, 3n * unit)
      page.add(each, nine, '', unit)
      page.add(each, nine, taggedBy(resource), 2n * unit)
    }
    book.apply(page.changes())
  }
  return openPage(book, 'pod:2')
}

function seal(
  page: ReturnType<typeof openPage>,
  plan = (input: SealInput): SealPlan => planSeal(input, defaultRules),
) {
  const request = { before: ten, now: ten + 60_000, plan, zeroHours: [] }
  return sealHours(page, page.openHours(ten), request, () => account)
}

describe('an hour that several tasks or pods share', () => {
  test('is one record of what each of them added, once', () => {
    const page = pageOfBoth(account)
    const inputs: SealInput[] = []
    const records = seal(page, (input) => {
      inputs.push(input)
      return planSeal(input, defaultRules)
    })
    const cells = [
      { tags: '', quantity: 2n * unit },
      { tags: taggedBy('pod:1'), quantity: 2n * unit },
      { tags: taggedBy('pod:2'), quantity: 2n * unit },
    ]
    expect(inputs).toEqual([
      {
        productCode: 'product',
        dimension: 'requests',
        hour: nine,
        accounts: [{ account: account.key, cells, fraction: 0n }],
        resource: 'pod:2',
        sealedAt: ten + 60_000,
      },
    ])
    expect(records).toMatchObject([{ content: { quantity: 6n * unit, allocations: cells } }])
    expect(page.openHours(ten)).toEqual([])
    expect(page.changes().newRecords).toHaveLength(1)
  })

  test('has a part of each meaning that its usage has', () => {
    const page = pageOfBoth(account, accountWith(3n))
    const [record] = seal(page)
    expect(record?.content.parts).toMatchObject([
      { account: { divisor: 1n }, quantity: 6n * unit },
      { account: { divisor: 3n }, quantity: 2n * unit },
    ])
    expect(page.changes().newRecords).toHaveLength(1)
  })

  test('takes usage of each meaning from every pod, however many hours are due', () => {
    const book = new ModelBook()
    for (const [resource, each, hours] of [
      ['pod:2', account, 125],
      ['pod:1', accountWith(3n), 1],
    ] as const) {
      const page = openPage(book, resource)
      page.takeOwnership(nine)
      page.count(each, BigInt(hours) * 3n * unit)
      for (let back = 0; back < hours; back += 1)
        page.add(each, nine - back * hourMs, '', 3n * unit)
      book.apply(page.changes())
    }
    const page = openPage(book, 'pod:2')
    const plan = (input: SealInput) => planSeal(input, defaultRules)
    const request = { before: ten, now: ten + 60_000, plan, zeroHours: [] }
    const { hours, areAll } = dueHours(page, request)
    expect([hours.length, areAll]).toEqual([126, false])
    expect(hours.at(-1)).toEqual({ account: accountWith(3n), resource: 'pod:1', hour: nine })
  })

  test('gives what a plan carries to the next hour, which no guard counts again', () => {
    const page = pageOfBoth(account)
    const carried = [
      { tags: '', quantity: unit },
      { tags: taggedBy('pod:1'), quantity: 4n * unit },
    ]
    const rests = [{ fraction: unit, carried }]
    expect(seal(page, () => ({ record: undefined, rests }))).toEqual([])
    expect(page.cells({ account, resource: 'pod:2', hour: ten })).toEqual(carried)
    expect(page.unguarded({ account, hour: ten, resource: page.resource })).toBe(5n * unit)
    expect(page.fraction(account)).toBe(unit)
    expect(() => page.changes()).not.toThrow()
  })

  test.each([
    ['loses usage', [{ fraction: 5n * unit, carried: [] }], 5n],
    ['makes usage', [{ fraction: 7n * unit, carried: [] }], 7n],
    ['owes usage', [{ fraction: -unit, carried: [{ tags: '', quantity: 7n * unit }] }], 6n],
    ['forgets the account', [], 0n],
  ])('is not sealed by a plan that %s', (_, rests, into) => {
    const page = pageOfBoth(account)
    expect(() => seal(page, () => ({ record: undefined, rests }))).toThrow(
      new Error(`sealing requests would turn 6000000 micro-units into ${into * unit}`),
    )
  })
})

describe('a sealed record', () => {
  const content = {
    productCode: 'product',
    dimension: 'requests',
    hour: nine,
    timestamp: nine,
    quantity: 0n,
    form: 'whole',
    allocations: undefined,
    clientToken: 'token',
  } as const
  const { slot } = openPage(new ModelBook(), 'pod:1').slotOf(account)
  const inserted = { id: 4, slot, resource: 'pod:1', sealedAt: ten }
  const never = {
    attempts: 0,
    inFlight: false,
    ambiguous: false,
    meteringRecordId: undefined,
    lastCode: undefined,
    lastMessage: undefined,
    firstAttemptAt: undefined,
    lastAttemptAt: undefined,
    settledAt: undefined,
    movedTo: undefined,
  }

  test('waits for its first attempt, with the customer and the divisor of its first part', () => {
    const parts = [7n, 9n].map((divisor) => ({
      account: { ...accountWith(divisor).key, customer: `customer ${divisor}` },
      quantity: 0n,
      allocations: undefined,
    }))
    expect(sealedRecord({ ...inserted, content: { ...content, parts } })).toEqual({
      ...content,
      ...inserted,
      ...never,
      parts,
      state: 'sealed',
      customer: 'customer 7',
      divisor: 7n,
    })
  })

  test('without a part is of the buyer, in units of the application', () => {
    const record = sealedRecord({ ...inserted, content: { ...content, parts: [] } })
    expect([record.customer, record.divisor]).toEqual(['', 1n])
  })
})
