import { describe, expect, inject, test } from 'vitest'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { canonicalTags } from '../../src/metering/tags.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const meaning = { productCode: 'product', divisor: 10n, scope: 'cluster' } as const
const tags = canonicalTags([{ key: 'team', value: 'a' }])

/** Three tasks on one database, which all have the dimension `requests` in common. */
async function threeTasks(options: { readonly maxPerHour?: bigint } = {}) {
  const url = await newDatabase(server)
  const clock = new ManualClock()
  const open = (name: string) =>
    openSharedLedger(url, `task/${name}`, clock, {
      meaningOf: () => meaning,
      maxPerHour: () => options.maxPerHour,
    })
  return { clock, open, tasks: [await open('a'), await open('b'), await open('c')] as const }
}

test('what all tasks report of an hour is one record of the first of them', async () => {
  const { clock, tasks } = await threeTasks()
  const [a, b, c] = tasks
  const hour = hourOf(clock.now())
  await a.report('requests', 4n * unit)
  await b.report('requests', 4n * unit)
  await c.report('requests', 15n * unit, { tags })
  await clock.advance(hourMs)
  expect(await b.seal()).toEqual([])
  expect(await c.ledger.hasOpenBefore(hour + hourMs)).toBe(false)
  expect(await a.ledger.hasOpenBefore(hour + hourMs)).toBe(true)
  expect(await a.seal()).toMatchObject([{ hour, quantity: 2n * unit, resource: 'task/a' }])
  expect(await a.ledger.audit()).toMatchObject([{ fraction: 3n * unit, open: 0n }])
  expect(await imbalances(a.ledger)).toEqual([0n])
})

test('usage that comes after the record goes to the next hour, no matter who reports it', async () => {
  const { clock, tasks } = await threeTasks()
  const [a, b] = tasks
  const hour = hourOf(clock.now())
  await a.report('requests', 10n * unit)
  await clock.advance(hourMs)
  expect(await a.seal()).toHaveLength(1)
  await b.report('requests', 20n * unit, { occurredAt: hour })
  await clock.advance(hourMs)
  expect(await a.seal()).toMatchObject([{ hour: hour + hourMs, quantity: 2n * unit }])
  expect(await imbalances(a.ledger)).toEqual([0n])
})

test('the next task seals the hour as it is when the first has gone, and sends its record as it is', async () => {
  const { clock, tasks } = await threeTasks()
  const [a, b, c] = tasks
  const hour = hourOf(clock.now())
  await a.report('requests', 10n * unit)
  await clock.advance(hourMs)
  const [sealed] = await a.seal()
  await a.report('requests', 30n * unit)
  await a.ledger.close()
  expect(await b.ledger.takeOver()).toEqual([hour])
  expect(await c.ledger.takeOver()).toEqual([])
  const id = sealed?.id ?? 0
  expect((await b.ledger.pendingRecords()).map((pending) => pending.id)).toEqual([id])
  expect(await c.ledger.pendingRecords()).toEqual([])
  expect(await markSending(b.ledger, id)).toMatchObject({
    ...sealed,
    resource: 'task/b',
    state: 'sending',
    attempts: 1,
    inFlight: true,
    firstAttemptAt: clock.now(),
    lastAttemptAt: clock.now(),
  })
  await settle(b.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
  expect(await b.ledger.hasOpenBefore(hour + 2 * hourMs)).toBe(true)
  await clock.advance(hourMs)
  expect(await b.seal()).toMatchObject([
    { hour: hour + hourMs, quantity: 3n * unit, resource: 'task/b' },
  ])
  expect(await imbalances(b.ledger)).toEqual([0n])
})

test('a call whose task is gone leaves its record unresolved, and its hour closed to the others', async () => {
  const { clock, tasks } = await threeTasks()
  const [a, b] = tasks
  const hour = hourOf(clock.now())
  await a.report('requests', 10n * unit)
  await clock.advance(hourMs)
  const [sealed] = await a.seal()
  await markSending(a.ledger, sealed?.id ?? 0)
  await a.ledger.close()
  await b.ledger.takeOver()
  await b.report('requests', 10n * unit, { occurredAt: hour })
  expect(await b.seal()).toEqual([])
  await clock.advance(hourMs)
  expect(await b.seal()).toMatchObject([{ hour: hour + hourMs, quantity: 1n * unit }])
  await settle(b.ledger, sealed?.id ?? 0, { kind: 'accepted', meteringRecordId: 'late' })
  expect((await b.ledger.audit()).map(({ recorded }) => recorded)).toEqual([20n * unit])
  expect(await imbalances(b.ledger)).toEqual([0n])
})

test('a task that ends leaves the open hour to the others, and the last one seals it', async () => {
  const { clock, tasks } = await threeTasks()
  const [a, b, c] = tasks
  const hour = hourOf(clock.now())
  for (const { report } of tasks) await report('requests', 10n * unit)
  expect(await a.seal(true)).toEqual([])
  expect(await a.ledger.hasOpenBefore(hour + hourMs, hour + hourMs, hour)).toBe(false)
  await a.ledger.close()
  await b.ledger.close()
  expect(await c.ledger.takeOver()).toEqual([])
  expect(await c.seal(true)).toMatchObject([{ hour, quantity: 3n * unit, resource: 'task/c' }])
})

test('an hour whose sum is above the limit is held once, and closed for all', async () => {
  const { clock, tasks, open } = await threeTasks({ maxPerHour: 25n * unit })
  const [a] = tasks
  const hour = hourOf(clock.now())
  for (const { report } of tasks) await report('requests', 10n * unit)
  await clock.advance(hourMs)
  expect(await a.seal()).toEqual([])
  expect((await a.ledger.usage()).held).toMatchObject([{ hour, quantity: 30n * unit }])
  const d = await open('d')
  const [receipt] = await d.report('requests', unit, { occurredAt: hour })
  expect(receipt).toMatchObject({ hour: hour + hourMs, late: true })
  expect(await imbalances(a.ledger)).toEqual([0n])
})

describe('readings that all tasks share', () => {
  /** Three tasks whose dimension `users` counts distinct members, or has a largest value. */
  async function threeReaders(aggregate: 'max' | 'unique') {
    const url = await newDatabase(server)
    const clock = new ManualClock()
    const readings = { maxReadings: 1000, newSecret: () => 'not used' }
    const open = (name: string) =>
      openSharedLedger(url, `task/${name}`, clock, {
        meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate, scope: 'cluster' }),
        readings,
      })
    return { clock, open, tasks: [await open('a'), await open('b'), await open('c')] as const }
  }

  test('a member counts once, whichever tasks saw it, and a late one only when it is new', async () => {
    const { clock, open, tasks } = await threeReaders('unique')
    const [a, b, c] = tasks
    const hour = hourOf(clock.now())
    const see = async ({ report }: (typeof tasks)[number], ...members: readonly string[]) => {
      for (const member of members) await report('users', unit, { member, occurredAt: hour })
    }
    await see(a, 'ann', 'bob')
    await see(b, 'bob', 'cid')
    await see(c, 'ann', 'dan')
    await clock.advance(hourMs)
    expect(await b.seal()).toEqual([])
    expect(await a.seal()).toMatchObject([{ hour, quantity: 4n * unit }])
    const d = await open('d')
    await see(d, 'dan', 'eve')
    await see(b, 'eve', 'ann')
    await clock.advance(hourMs)
    expect(await a.seal()).toMatchObject([{ hour: hour + hourMs, quantity: unit }])
    expect(await imbalances(a.ledger)).toEqual([0n])
  })

  test('the largest value of all tasks counts, and a late one only as far as it is larger', async () => {
    const { clock, tasks } = await threeReaders('max')
    const [a, b, c] = tasks
    const hour = hourOf(clock.now())
    await a.report('users', 5n * unit)
    await b.report('users', 9n * unit)
    await c.report('users', 7n * unit)
    await clock.advance(hourMs)
    expect(await a.seal()).toMatchObject([{ hour, quantity: 9n * unit }])
    await c.report('users', 8n * unit, { occurredAt: hour })
    await c.report('users', 12n * unit, { occurredAt: hour })
    await clock.advance(hourMs)
    expect(await a.seal()).toMatchObject([{ hour: hour + hourMs, quantity: 3n * unit }])
    expect(await imbalances(a.ledger)).toEqual([0n])
  })

  test('all of them together count as much as they read, however their reports and the end of the hour meet', async () => {
    const { clock, tasks } = await threeReaders('unique')
    const [a] = tasks
    const hour = hourOf(clock.now())
    await clock.advance(hourMs)
    const members = Array.from({ length: 60 }, (_, index) => `member-${index % 40}`)
    const reports = members.map((member, index) =>
      tasks[index % 3]?.report('users', unit, { member, occurredAt: hour }),
    )
    const seals = Array.from({ length: 5 }, () => a.seal())
    await Promise.all([...reports, ...seals])
    await clock.advance(hourMs)
    await a.seal()
    const [sums] = await a.ledger.audit()
    expect(sums).toMatchObject({ reported: 40n * unit, recorded: 40n * unit, open: 0n })
  })
})
