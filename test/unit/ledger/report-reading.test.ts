import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { recordReading } from '../../../src/ledger/readings/report-reading.ts'
import { readingRulesOf } from '../../../src/ledger/readings/reading-rules.ts'
import { accountOf } from '../../../src/metering/account.ts'
import { clusterHolder } from '../../../src/metering/slot.ts'
import { membersNote } from '../../../src/store/readings.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook, noteName } from '../../support/store/model-book.ts'
import type { Aggregate } from '../../../src/metering/account.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'

const largest = 10n ** 12n * unit

async function benchOf(aggregate: Aggregate) {
  return openBench({
    meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate }),
    readings: { maxReadings: 1, newSecret: () => 'secret' },
  })
}

describe('a report that is no reading of its dimension', () => {
  test.each(['sum', 'max', 'last', 'integral'] as const)(
    'is refused where %s has no members, and names none',
    async (aggregate) => {
      const { report } = await benchOf(aggregate)
      await expect(report('hosts', unit, { member: 'ada' })).rejects.toMatchObject({
        code: 'InvalidRequest',
        message: 'hosts does not count members. Report a quantity.',
      })
    },
  )

  test('is refused where members are counted and it has none', async () => {
    const { report } = await benchOf('unique')
    await expect(report('users', unit)).rejects.toMatchObject({
      code: 'InvalidRequest',
      message:
        'users counts distinct members. Report {"dimension": "users", "member": "..."}, without a quantity.',
    })
  })
})

describe('a reading', () => {
  test.each(['max', 'last', 'integral'] as const)(
    'of %s is at most 10^12 units, which sums are not held to',
    async (aggregate) => {
      const { report } = await benchOf(aggregate)
      await expect(report('hosts', largest + 1n)).rejects.toMatchObject({
        code: 'QuantityTooLarge',
        message: expect.stringMatching(
          /^A reading of hosts may not be above 1000000000000 units, so/,
        ),
      })
      expect(await report('hosts', largest)).toMatchObject({ result: 'accepted' })
      const sums = await benchOf('sum')
      expect(await sums.report('hosts', largest + 1n)).toMatchObject({ result: 'accepted' })
    },
  )

  test.each([
    ['unique', 'members of'],
    ['max', 'readings of'],
  ] as const)(
    'of %s is refused beyond the cap, with the words for it',
    async (aggregate, words) => {
      const { report } = await benchOf(aggregate)
      const more = (name: string) =>
        aggregate === 'unique' ? { member: name } : { tags: `[["name","${name}"]]` }
      await report('users', unit, more('a'))
      await expect(report('users', unit, more('b'))).rejects.toMatchObject({
        code: 'ReadingsFull',
        message: expect.stringContaining(`The hour already has 1 ${words} users, so nothing`),
      })
    },
  )
})

describe('a member', () => {
  const hashed = (secret: string) =>
    createHmac('sha256', secret).update('ada').digest('base64url').slice(0, 22)
  const secrets = ['first', 'second']
  const rules = readingRulesOf({
    meaningOf: () => undefined,
    readings: { maxReadings: 5, newSecret: () => secrets.shift() ?? 'none' },
  })
  const report = {
    dimension: 'users',
    member: 'ada',
    quantity: unit,
    occurredAt: undefined,
    tags: '',
    idempotencyKey: undefined,
  }
  const accountOfScope = (scope: 'resource' | 'cluster') =>
    accountOf({
      productCode: 'product',
      customer: '',
      dimension: 'users',
      divisor: 1n,
      aggregate: 'unique',
      scope,
    })

  test('is hashed with a secret of the book, which is made once, and written once', () => {
    const book = new ModelBook()
    const page = openPage(book, 'pod:1')
    page.takeOwnership(0)
    for (const now of [1, 2])
      recordReading({ page, now, rules }, report, accountOfScope('resource'))
    const { readings, notes } = page.changes()
    expect(readings?.rows.map(({ reading }) => [reading.key, reading.at])).toEqual([
      [hashed('first'), 1],
    ])
    expect(notes).toEqual([{ resource: 'pod:1', name: membersNote, value: 'first' }])
    book.apply(page.changes())
    const next = openPage(book, 'pod:1')
    recordReading({ page: next, now: 3, rules }, report, accountOfScope('resource'))
    expect([next.changes().readings, next.changes().notes]).toEqual([undefined, []])
  })

  test('of what all share is hashed with the secret of all', () => {
    const book = new ModelBook()
    book.notes.set(noteName(clusterHolder, membersNote), 'of all')
    const page = openPage(book, 'pod:1')
    page.takeOwnership(0)
    recordReading({ page, now: 1, rules }, report, accountOfScope('cluster'))
    const { readings, notes } = page.changes()
    expect([readings?.rows.map(({ reading }) => reading.key), notes]).toEqual([
      [hashed('of all')],
      [],
    ])
  })
})
