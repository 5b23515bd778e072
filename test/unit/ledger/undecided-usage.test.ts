import { expect, test } from 'vitest'
import { undecidedUsage } from '../../../src/ledger/decisions/undecided-usage.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import type { ExportFilter, UsageSummary } from '../../../src/store/summary.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

const dayMs = 24 * hourMs
const now = Date.parse('2026-03-10T09:15:00Z')
const unresolved = (id: number, age: number): MeteringRecord => ({
  ...recordOf('task', now - (now % hourMs) - age, id),
  state: 'unresolved',
})

/** A book with these records, of which its summary shows only some. */
async function look(all: readonly MeteringRecord[], shown: readonly MeteringRecord[]) {
  const asked: ExportFilter[] = []
  async function* records(filter: ExportFilter) {
    asked.push(filter)
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter
    for (const record of all) if (record.hour >= since && record.hour < until) yield record
  }
  const pending = all.filter(({ state }) => state === 'refused')
  const usage = {
    now,
    open: [],
    held: [],
    pending,
    settled: shown,
    unresolvedCount: all.filter(({ state }) => state === 'unresolved').length,
  } as unknown as UsageSummary
  const found = await undecidedUsage(() => Promise.resolve(usage), { records })
  return { ids: found.records.map(({ id }) => id), asked }
}

test('records that wait and unresolved ones are listed, the oldest hour first and then by id', async () => {
  const accepted = { ...unresolved(1, 0), state: 'accepted' } as const
  const refused = { ...unresolved(3, hourMs), state: 'refused' } as const
  const shown = [accepted, unresolved(2, 0), unresolved(4, hourMs)]
  const { ids, asked } = await look([...shown, refused], shown)
  expect([ids, asked]).toEqual([[3, 4, 2], []])
})

test('unresolved records that the summary does not show are looked for, however old', async () => {
  const all = [
    unresolved(1, 100 * dayMs),
    unresolved(2, 45 * dayMs),
    unresolved(3, 10 * dayMs),
    { ...unresolved(4, 100 * dayMs), state: 'moved' } as const,
    { ...unresolved(5, 10 * dayMs), state: 'accepted' } as const,
    unresolved(6, 0),
  ]
  const { ids, asked } = await look(all, [])
  expect(ids).toEqual([1, 2, 3, 6])
  // The store reads in pages: a question for each hour of 45 days would stop everything else.
  expect(asked).toEqual([{ since: undefined, until: now - (now % hourMs) + hourMs }])
})

test('a ledger lists what waits for a decision, and what AWS accepted', async () => {
  const { ledger, report, clock } = await openBench()
  for (const dimension of ['a', 'b', 'c']) await report(dimension, unit)
  await clock.advance(hourMs)
  const [a, b] = await sealHours(ledger, clock)
  await report('d', unit)
  await markSending(ledger, a?.id ?? 0)
  await settle(ledger, a?.id ?? 0, { kind: 'accepted', meteringRecordId: 'm-1' })
  await markSending(ledger, b?.id ?? 0)
  await settle(ledger, b?.id ?? 0, { kind: 'another-stands', code: 'C', message: '' })
  const { open, records } = await ledger.undecided()
  expect(open).toMatchObject([{ dimension: 'd' }])
  expect(records.map(({ dimension, state }) => [dimension, state])).toEqual([
    ['b', 'unresolved'],
    ['c', 'sealed'],
  ])
  const accepted = async () =>
    (await Array.fromAsync(ledger.accepted())).map(({ dimension }) => dimension)
  expect(await accepted()).toEqual(['a'])
  await clock.advance(45 * dayMs)
  expect(await accepted()).toEqual([])
})
