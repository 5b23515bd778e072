import { expect, test } from 'vitest'
import { callsWithinBytes } from '../../../src/channels/calls-within-bytes.ts'
import { awsLimits } from '../../../src/metering/aws-limits.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'

const recordWith = (id: number, allocations: number) =>
  ({
    id,
    parts: [],
    form: 'whole',
    allocations: Array.from({ length: allocations }, (_, index) => ({
      tags: canonicalTags([{ key: 'team', value: `${'x'.repeat(240)}${id}-${index}` }]),
      quantity: 1,
    })),
  }) as unknown as MeteringRecord

const idsOf = (calls: readonly (readonly MeteringRecord[])[]) =>
  calls.map((call) => call.map(({ id }) => id))

test('records that fit into one call stay in one', () => {
  const records = Array.from({ length: 25 }, (_, index) => recordWith(index, 2))
  expect(callsWithinBytes(records)).toEqual([records])
  expect(callsWithinBytes([])).toEqual([])
})

test('no call is larger than AWS accepts, and the order stays', () => {
  const records = Array.from({ length: 7 }, (_, index) => recordWith(index, 1000))
  const calls = callsWithinBytes(records)
  expect(calls.length).toBeGreaterThan(1)
  expect(idsOf(calls).flat()).toEqual([0, 1, 2, 3, 4, 5, 6])
  for (const call of calls) {
    const wire = call.map(({ allocations = [] }) =>
      allocations.map(({ tags, quantity }) => ({
        AllocatedUsageQuantity: quantity,
        Tags: (JSON.parse(tags) as [string, string][]).map(([Key, Value]) => ({ Key, Value })),
      })),
    )
    expect(Buffer.byteLength(JSON.stringify(wire))).toBeLessThan(awsLimits.requestBytes)
  }
})

test('a record that fills a call alone is alone in it', () => {
  const calls = callsWithinBytes([recordWith(1, 1), recordWith(2, 3400), recordWith(3, 1)])
  expect(idsOf(calls)).toEqual([[1], [2], [3]])
})

test('what a customer is billed by takes room too', () => {
  const customer = (id: number, length: number) =>
    ({
      ...recordWith(id, 0),
      parts: [{ account: { identity: { value: 'l'.repeat(length) } }, quantity: 1n }],
    }) as unknown as MeteringRecord
  expect(idsOf(callsWithinBytes([customer(1, 600_000), customer(2, 600_000)]))).toEqual([[1], [2]])
  expect(idsOf(callsWithinBytes([customer(1, 400_000), customer(2, 400_000)]))).toEqual([[1, 2]])
})
