import { describe, expect, test } from 'vitest'
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
