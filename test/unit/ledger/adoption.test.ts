import { describe, expect, test } from 'vitest'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { ForgetfulDisk } from '../../support/ledger/forgetful-disk.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const told = { code: 'TimeoutError', message: 'no answer' }
const tags = canonicalTags([{ key: 'team', value: 'a' }])

/** A ledger that its task or pod left: open usage, and four records in four states. */
async function abandoned() {
  const bench = await openBench({ resource: 'pod:old' })
  const { ledger, clock } = bench
  for (const dimension of ['accepted', 'sealed', 'tried', 'refused'])
    await bench.report(dimension, 2_500_000n)
  await clock.advance(hourMs)
  const records = await sealHours(ledger, clock)
  const idOf = (dimension: string) =>
    records.find((record) => record.dimension === dimension)?.id ?? 0
  await markSending(ledger, idOf('accepted'))
  await settle(ledger, idOf('accepted'), { kind: 'accepted', meteringRecordId: 'm-1' })
  await markSending(ledger, idOf('tried'))
  await markSending(ledger, idOf('refused'))
  await settle(ledger, idOf('refused'), { kind: 'refused', ...told })
  await bench.report('open', 3n * unit, { tags })
  await clock.advance(2 * hourMs)
  await ledger.close()
  return bench
}

describe('the same task or pod starting again', () => {
  test('goes on where it was, and what was under way may have arrived', async () => {
    const { directory, clock } = await abandoned()
    const { ledger } = await openBench({ directory, clock, resource: 'pod:old' })
    expect(ledger.owner.adoptedFrom).toBeUndefined()
    expect(
      (await ledger.usage()).pending.map(({ dimension, state, ambiguous }) => [
        dimension,
        state,
        ambiguous,
      ]),
    ).toEqual([
      ['sealed', 'sealed', false],
      ['tried', 'sending', true],
      ['refused', 'refused', false],
    ])
    expect((await ledger.usage()).open).toMatchObject([{ dimension: 'open', hour: nine + hourMs }])
  })
})

describe('another task or pod finding the file', () => {
  test('makes its own what AWS certainly has not taken, in its current hour', async () => {
    const { directory, clock } = await abandoned()
    const { ledger } = await openBench({ directory, clock, resource: 'pod:new' })
    expect(ledger.owner).toMatchObject({ identity: 'pod:new', adoptedFrom: 'pod:old' })
    const hour = nine + 3 * hourMs
    expect((await ledger.usage()).open).toEqual([
      { dimension: 'open', hour, quantity: 3n * unit },
      { dimension: 'refused', hour, quantity: 2n * unit },
      { dimension: 'sealed', hour, quantity: 2n * unit },
    ])
    expect((await ledger.usage()).fractions).toHaveLength(4)
  })

  test('leaves unresolved what AWS refused after it may have taken it', async () => {
    const bench = await openBench({ resource: 'pod:old' })
    const { ledger, clock, directory } = bench
    await bench.report('requests', 2n * unit)
    await clock.advance(hourMs)
    const [record] = await sealHours(ledger, clock)
    const id = record?.id ?? 0
    await markSending(ledger, id)
    await settle(ledger, id, { kind: 'unknown', ...told })
    await markSending(ledger, id)
    expect(await settle(ledger, id, { kind: 'refused', ...told })).toMatchObject({
      state: 'refused',
      ambiguous: true,
    })
    await ledger.close()

    const next = await openBench({ directory, clock, resource: 'pod:new' })
    const { open, pending, settled } = await next.ledger.usage()
    expect({ open, pending }).toEqual({ open: [], pending: [] })
    expect(settled).toMatchObject([{ id, state: 'unresolved', quantity: 2_000_000n }])
    expect(await next.ledger.audit()).toMatchObject([{ recorded: 2n * unit, imbalance: 0n }])
  })

  test('leaves unresolved what AWS may have taken', async () => {
    const { directory, clock } = await abandoned()
    const { ledger } = await openBench({ directory, clock, resource: 'pod:new' })
    expect(await ledger.pendingRecords()).toEqual([])
    const states = (await ledger.usage()).settled.map(({ dimension, state }) => [dimension, state])
    expect(Object.fromEntries(states)).toEqual({
      accepted: 'accepted',
      refused: 'moved',
      sealed: 'moved',
      tried: 'unresolved',
    })
  })

  test('loses nothing and bills nothing twice', async () => {
    const { directory, clock } = await abandoned()
    const { ledger } = await openBench({ directory, clock, resource: 'pod:new' })
    expect((await ledger.audit()).map(({ imbalance }) => imbalance)).toEqual([0n, 0n, 0n, 0n, 0n])
    await clock.advance(hourMs)
    const records = await sealHours(ledger, clock)
    expect(
      records.map(({ dimension, quantity, resource }) => [dimension, quantity / unit, resource]),
    ).toEqual([
      ['sealed', 2n, 'pod:new'],
      ['refused', 2n, 'pod:new'],
      ['open', 3n, 'pod:new'],
    ])
    expect(records.at(-1)?.allocations).toEqual([{ tags, quantity: 3_000_000n }])
  })

  test('that had it before puts usage into an hour that it has not closed', async () => {
    const first = await openBench({ resource: 'pod:a' })
    await first.report('requests', unit)
    await sealHours(first.ledger, first.clock, {}, true)
    await first.ledger.close()
    const { directory, clock } = first
    const second = await openBench({ directory, clock, resource: 'pod:b' })
    await second.report('requests', 2n * unit)
    await second.ledger.close()

    const { ledger } = await openBench({ directory, clock, resource: 'pod:a' })
    expect((await ledger.usage()).open).toMatchObject([
      { hour: nine + hourMs, quantity: 3n * unit },
    ])
    await clock.advance(2 * hourMs)
    expect(await sealHours(ledger, clock)).toMatchObject([
      { hour: nine + hourMs, quantity: 3_000_000n },
    ])
    expect(await ledger.audit()).toMatchObject([{ imbalance: 0n }])
  })

  test('may seal hours that the old one had closed, for AWS keeps them apart', async () => {
    const { directory, clock } = await abandoned()
    const bench = await openBench({ directory, clock, resource: 'pod:new' })
    const receipt = await bench.report('accepted', unit, { occurredAt: nine + 1 })
    expect(receipt).toMatchObject({ hour: nine, late: false })
  })
})

test('an attempt whose answer was lost is unresolved for another task or pod, after a throttled one too', async () => {
  const bench = await openBench({ resource: 'pod:old' })
  await bench.report('requests', 3n * unit)
  await bench.clock.advance(hourMs)
  const [record] = await sealHours(bench.ledger, bench.clock)
  const id = record?.id ?? 0
  // AWS took the first attempt, and storing its answer failed.
  await markSending(bench.ledger, id)
  await markSending(bench.ledger, id)
  await settle(bench.ledger, id, { kind: 'not-taken', ...told })
  await bench.ledger.close()
  const { directory, clock } = bench
  const { ledger } = await openBench({ directory, clock, resource: 'pod:new' })
  expect(await ledger.usage()).toMatchObject({ open: [], unresolvedCount: 1 })
})

test('an adoption is on disk before the ledger is open', async () => {
  const disk = new ForgetfulDisk()
  const { dataSync } = disk
  const first = await openBench({ dataSync, resource: 'pod:old' })
  await first.report('requests', unit)
  const directory = disk.killProcess(first.directory)
  const next = await openBench({ dataSync, directory, resource: 'pod:new' })
  expect(next.ledger.owner.adoptedFrom).toBe('pod:old')
  const cut = await openBench({ directory: disk.cutPower(directory), resource: 'pod:new' })
  expect(cut.ledger.owner.adoptedFrom).toBeUndefined()
})
