import { describe, expect, test } from 'vitest'
import type { AccountKey } from '../../../../src/metering/account.ts'
import { planSeal, type SealRules } from '../../../../src/metering/record/seal.ts'
import { canonicalTags } from '../../../../src/metering/tags.ts'
import type { OpenCell } from '../../../../src/metering/cell.ts'
import type { SealInput } from '../../../../src/metering/record/seal-plan.ts'
import { untagged } from '../../../../src/metering/tags.ts'
import { defaultRules } from '../../../support/ledger/seal-rules.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const team = (name: string) => canonicalTags([{ key: 'team', value: name }])

interface OneAccount {
  readonly cells: readonly OpenCell[]
  readonly fraction: bigint
  readonly divisor: bigint
  readonly resource: string
  readonly sealedAt: number
}

function inputOf(cells: readonly OpenCell[], more: Partial<OneAccount> = {}): SealInput {
  const { fraction = 0n, divisor = 1n, resource = 'pod:1', sealedAt = hour + 3_660_000 } = more
  const account = keyOf(divisor)
  const accounts = [{ account, cells, fraction }]
  return { productCode: 'product', dimension: 'requests', hour, accounts, resource, sealedAt }
}

function keyOf(divisor: bigint): AccountKey {
  const { productCode, dimension } = { productCode: 'product', dimension: 'requests' }
  return { productCode, customer: '', dimension, divisor, aggregate: 'sum', scope: 'resource' }
}

/** The plan for an hour of one account. */
function planOne(input: SealInput, rules: SealRules) {
  const { record, rests } = planSeal(input, rules)
  const [rest] = rests
  return {
    record: record && { ...record, divisor: record.parts[0]?.account.divisor },
    fraction: rest?.fraction,
    carried: rest?.carried,
  }
}

const untaggedCell = (quantity: bigint) => [{ tags: untagged, quantity }]

describe('sealing an hour', () => {
  test('sends the floor and keeps what is below one unit', () => {
    const plan = planOne(inputOf(untaggedCell(2_700_000n), { fraction: 400_000n }), defaultRules)
    expect(plan).toMatchObject({
      fraction: 100_000n,
      carried: [],
      record: { quantity: 3_000_000n },
    })
    expect(plan.record?.allocations).toBeUndefined()
  })

  test('makes no record below one unit', () => {
    const plan = planOne(inputOf(untaggedCell(999_999n)), defaultRules)
    expect(plan).toEqual({ record: undefined, fraction: 999_999n, carried: [] })
  })

  test('divides exactly where AWS counts in larger units', () => {
    const bytes = 3n * 2n ** 30n + 5n
    const plan = planOne(
      inputOf(untaggedCell(bytes * 1_000_000n), { divisor: 2n ** 30n }),
      defaultRules,
    )
    expect(plan).toMatchObject({
      fraction: 5_000_000n,
      record: { quantity: 3_000_000n, divisor: 2n ** 30n },
    })
  })

  test('caps a record at 2147483647 and carries the rest, each by its tag set', () => {
    const cells = [
      { tags: team('a'), quantity: 2_000_000_000_000_000n },
      { tags: team('b'), quantity: 1_000_000_000_250_000n },
    ]
    const plan = planOne(inputOf(cells), defaultRules)
    expect(plan.record).toMatchObject({
      quantity: 2_147_483_647_000_000n,
      allocations: [
        { tags: team('a'), quantity: 2_000_000_000_000_000n },
        { tags: team('b'), quantity: 147_483_647_000_000n },
      ],
    })
    expect(plan.carried).toEqual([{ tags: team('b'), quantity: 852_516_353_000_000n }])
    expect(plan.fraction).toBe(250_000n)
  })

  test('sends allocations as soon as one set is tagged, and they add up', () => {
    const cells = [...untaggedCell(1_500_000n), { tags: team('a'), quantity: 1_500_000n }]
    const { record } = planOne(inputOf(cells), defaultRules)
    expect(record?.quantity).toBe(3_000_000n)
    expect(record?.allocations).toEqual([
      { tags: untagged, quantity: 2_000_000n },
      { tags: team('a'), quantity: 1_000_000n },
    ])
  })

  test('makes a zero record only when asked to, and only for an hour that is over', () => {
    const rules = { ...defaultRules, zeroRecords: true }
    expect(planOne(inputOf([]), rules).record).toMatchObject({ quantity: 0n })
    expect(planOne(inputOf([], { sealedAt: hour + 1000 }), rules).record).toBeUndefined()
    expect(planOne(inputOf([]), defaultRules).record).toBeUndefined()
  })

  test('gives the same content the same token, and any other content another', () => {
    const tokenOf = (quantity: bigint, resource = 'pod:1') =>
      planOne(inputOf(untaggedCell(quantity), { resource }), defaultRules).record?.clientToken
    expect(tokenOf(5_000_000n)).toBe(tokenOf(5_400_000n))
    expect(tokenOf(5_000_000n)).toMatch(/^[0-9a-f]{64}$/)
    expect(tokenOf(6_000_000n)).not.toBe(tokenOf(5_000_000n))
    expect(tokenOf(5_000_000n, 'pod:2')).not.toBe(tokenOf(5_000_000n))
  })

  test('reports how many tag sets had to be folded', () => {
    const folded: unknown[] = []
    const cells = Array.from({ length: 6 }, (_, index) => ({
      tags: canonicalTags([{ key: `k${index}`, value: 'x' }]),
      quantity: 1_000_000n,
    }))
    planOne(inputOf(cells), { ...defaultRules, onFolded: (...folds) => folded.push(folds) })
    expect(folded).toEqual([['requests', 1]])
  })
})

describe('sealing an hour of two accounts, after a product file changed its divisor', () => {
  const cells = [
    { tags: team('a'), quantity: 3_000_000n },
    { tags: team('b'), quantity: 4_500_000n },
  ]
  const accounts = [
    { account: keyOf(1n), cells, fraction: 500_000n },
    { account: keyOf(2n), cells: [{ tags: team('a'), quantity: 5_000_000n }], fraction: 0n },
  ]
  const input = { ...inputOf([]), accounts }

  test('adds up the whole units of each by its own divisor, and keeps their fractions apart', () => {
    const { record, rests } = planSeal(input, defaultRules)
    expect(record).toMatchObject({
      quantity: 10_000_000n,
      allocations: [
        { tags: team('a'), quantity: 5_000_000n },
        { tags: team('b'), quantity: 5_000_000n },
      ],
      parts: [{ quantity: 8_000_000n }, { quantity: 2_000_000n }],
    })
    expect(rests).toEqual([
      { fraction: 0n, carried: [] },
      { fraction: 1_000_000n, carried: [] },
    ])
  })

  test('shares the room of one record, and carries what exceeds it in its own units', () => {
    const huge = [{ tags: untagged, quantity: 2_147_483_640n * 1_000_000n }]
    const full = {
      ...input,
      accounts: [
        { account: keyOf(1n), cells: huge, fraction: 0n },
        { account: keyOf(2n), cells: [{ tags: untagged, quantity: 20_000_000n }], fraction: 0n },
      ],
    }
    const { record, rests } = planSeal(full, defaultRules)
    expect(record).toMatchObject({ quantity: 2_147_483_647_000_000n, allocations: undefined })
    expect(rests).toEqual([
      { fraction: 0n, carried: [] },
      { fraction: 0n, carried: [{ tags: untagged, quantity: 6_000_000n }] },
    ])
  })
})

test('where accounts have different divisors, the tag sets that are smallest for AWS are folded', () => {
  const many = Array.from({ length: 2499 }, (_, index) => ({
    tags: team(`a${index}`),
    quantity: 2_000_000n,
  }))
  const accounts = [
    { account: keyOf(1n), cells: many, fraction: 0n },
    { account: keyOf(1000n), cells: [{ tags: team('b'), quantity: 1_500_000_000n }], fraction: 0n },
  ]
  const { record } = planSeal({ ...inputOf([]), accounts }, defaultRules)
  const tags = record?.allocations?.map((share) => share.tags) ?? []
  expect(tags).toHaveLength(2500)
  expect(tags).not.toContain(team('b'))
  expect(record?.parts[1]).toMatchObject({ quantity: 1_000_000n })
})

describe('the tag of the untagged remainder', () => {
  const rules = { ...defaultRules, untaggedAs: team('none') }
  const mixed = [
    { tags: untagged, quantity: 3_000_000n },
    { tags: team('a'), quantity: 2_000_000n },
    { tags: team('none'), quantity: 1_000_000n },
  ]

  test('takes its place where tagged usage is in the record too, and joins usage of that tag', () => {
    const { record } = planOne(inputOf(mixed), rules)
    expect(record).toMatchObject({
      quantity: 6_000_000n,
      allocations: [
        { tags: team('a'), quantity: 2_000_000n },
        { tags: team('none'), quantity: 4_000_000n },
      ],
    })
    expect(record?.clientToken).not.toBe(planOne(inputOf(mixed), defaultRules).record?.clientToken)
  })

  test('is not used for a record without tags', () => {
    const { record } = planOne(inputOf(untaggedCell(3_000_000n)), rules)
    expect(record?.allocations).toBeUndefined()
  })

  test('names an account without tags in the record of one with tags', () => {
    const untaggedAccount = { account: keyOf(2n), cells: untaggedCell(4_000_000n), fraction: 0n }
    const input = inputOf([{ tags: team('a'), quantity: 1_000_000n }])
    const { record } = planSeal({ ...input, accounts: [...input.accounts, untaggedAccount] }, rules)
    expect(record?.allocations).toEqual([
      { tags: team('a'), quantity: 1_000_000n },
      { tags: team('none'), quantity: 2_000_000n },
    ])
  })

  test('is one of the five tag keys', () => {
    const cells = Array.from({ length: 5 }, (_, index) => ({
      tags: canonicalTags([{ key: `key${index}`, value: 'x' }]),
      quantity: BigInt(index + 1) * 1_000_000n,
    }))
    const { record } = planOne(inputOf(cells), rules)
    expect(record?.allocations).toHaveLength(5)
    expect(record?.allocations).toContainEqual({ tags: team('none'), quantity: 1_000_000n })
  })
})

describe('an hour whose fractions are sent', () => {
  const rules: SealRules = { ...defaultRules, formOf: () => 'decimal' }
  const decimal = (cells: readonly OpenCell[], more: Partial<OneAccount> = {}) =>
    planOne(inputOf(cells, more), rules)

  test('is a record of millionths, and what is below one stays', () => {
    const plan = decimal(untaggedCell(2_500_003n), { divisor: 2n, fraction: 4_000_000n })
    expect(plan).toMatchObject({ fraction: 1n, carried: [] })
    expect(plan.record).toMatchObject({ quantity: 3_250_001n, form: 'decimal' })
  })

  test('is no record below one millionth', () => {
    expect(decimal(untaggedCell(999n), { divisor: 1000n })).toEqual({
      record: undefined,
      fraction: 999n,
      carried: [],
    })
  })

  test('has allocations that add up, and what earlier hours left over without tags', () => {
    const cells = [
      { tags: team('a'), quantity: 1_250_001n },
      { tags: team('b'), quantity: 1n },
    ]
    const plan = decimal(cells, { divisor: 2n, fraction: 700_001n })
    expect(plan.record?.allocations).toEqual(
      [
        { tags: untagged, quantity: 350_000n },
        { tags: team('a'), quantity: 625_001n },
        { tags: team('b'), quantity: 0n },
      ].filter(({ quantity }) => quantity > 0n),
    )
    expect(plan.record?.quantity).toBe(975_001n)
    expect(plan.fraction).toBe(1n)
  })

  test('holds at most what AWS accepts, and the rest goes to the next hour', () => {
    const plan = decimal(untaggedCell(2_147_483_647_000_000n + 250_000n))
    expect(plan.record?.quantity).toBe(2_147_483_647_000_000n)
    expect(plan.carried).toEqual([{ tags: untagged, quantity: 250_000n }])
  })

  test('adds accounts of different divisors to the millionth', () => {
    const input = inputOf(untaggedCell(1_500_000n), { divisor: 1000n })
    const other = { account: keyOf(1n), cells: untaggedCell(250_000n), fraction: 0n }
    const { record, rests } = planSeal({ ...input, accounts: [...input.accounts, other] }, rules)
    expect(record?.parts.map(({ quantity }) => quantity)).toEqual([1500n, 250_000n])
    expect(record?.quantity).toBe(251_500n)
    expect(rests.map(({ fraction }) => fraction)).toEqual([0n, 0n])
  })

  test('has a zero record like any other', () => {
    const { record } = planOne(inputOf([]), { ...rules, zeroRecords: true })
    expect(record).toMatchObject({ quantity: 0n, form: 'decimal' })
  })
})
