import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const told = { code: 'SomeException', message: 'what AWS said' }
const balanced = async ({ ledger }: LedgerBench) =>
  (await ledger.audit()).every(({ imbalance }) => imbalance === 0n)

async function sealOne(bench: LedgerBench, quantity = 3n * unit) {
  await bench.report('requests', quantity)
  await bench.clock.advance(hourMs)
  const [record] = await sealHours(bench.ledger, bench.clock)
  if (record === undefined) throw new Error('nothing was sealed')
  return record
}

async function attempt(bench: LedgerBench, id: number, settlement: Settlement) {
  await markSending(bench.ledger, id)
  return settle(bench.ledger, id, settlement)
}

describe('sealing', () => {
  test('takes all of an hour of a key into one record and leaves the fraction', async () => {
    const bench = await openBench()
    const record = await sealOne(bench, 3_250_000n)
    expect(record).toMatchObject({
      dimension: 'requests',
      hour: nine,
      timestamp: nine + hourMs - 1000,
      quantity: 3_000_000n,
      state: 'sealed',
      attempts: 0,
      ambiguous: false,
    })
    expect(await bench.ledger.usage()).toMatchObject({
      open: [],
      fractions: [{ quantity: 250_000n }],
    })
    expect(await balanced(bench)).toBe(true)
  })

  test('adds the fraction of earlier hours to the next', async () => {
    const bench = await openBench()
    await sealOne(bench, 3_600_000n)
    expect(await sealOne(bench, 400_000n)).toMatchObject({ quantity: 1_000_000n })
    expect((await bench.ledger.usage()).fractions).toEqual([])
  })

  test('makes no record of an empty hour, and none twice', async () => {
    const bench = await openBench()
    await sealOne(bench)
    expect(await sealHours(bench.ledger, bench.clock)).toEqual([])
    expect(await bench.ledger.pendingRecords()).toHaveLength(1)
  })

  test('carries what a capped record cannot take to the next unsealed hour', async () => {
    const bench = await openBench()
    await sealOne(bench, 3_000_000_000n * unit)
    expect((await bench.ledger.usage()).open).toEqual([
      { dimension: 'requests', hour: nine + hourMs, quantity: 852_516_353n * unit },
    ])
    expect(await balanced(bench)).toBe(true)
  })

  test('of the open hour closes it, and new usage goes to the next one', async () => {
    const bench = await openBench()
    await bench.report('requests', unit)
    const [record] = await sealHours(bench.ledger, bench.clock, {}, true)
    expect(record).toMatchObject({ hour: nine, timestamp: bench.clock.now() })
    expect(await bench.report('requests', unit)).toMatchObject({ hour: nine + hourMs, late: true })
  })

  test('refuses a plan that does not add up, and leaves everything as it was', async () => {
    const bench = await openBench()
    await bench.report('requests', 3n * unit)
    const plan = () => ({ record: undefined, rests: [{ fraction: 0n, carried: [] }] })
    await expect(
      Array.fromAsync(bench.ledger.seal({ before: nine + hourMs, now: nine, plan, zeroHours: [] })),
    ).rejects.toThrow(/3000000 micro-units into 0/)
    expect((await bench.ledger.usage()).open).toMatchObject([{ quantity: 3n * unit }])
    expect(await balanced(bench)).toBe(true)
  })

  test('makes zero records only for hours that have none', async () => {
    const bench = await openBench()
    await sealOne(bench)
    const zero = { dimension: 'requests', hour: nine }
    const storage = { dimension: 'storage', hour: nine }
    const records = await Array.fromAsync(
      bench.ledger.seal({
        before: nine + hourMs,
        now: bench.clock.now(),
        plan: ({ dimension, hour, accounts }) => ({
          record: {
            productCode: 'product',
            dimension,
            hour,
            timestamp: hour,
            quantity: 0n,
            form: 'whole',
            allocations: undefined,
            clientToken: 'zero',
            parts: accounts.map(({ account }) => ({
              account,
              quantity: 0n,
              allocations: undefined,
            })),
          },
          rests: accounts.map(() => ({ fraction: 0n, carried: [] })),
        }),
        zeroHours: [zero, storage],
      }),
    )
    expect(records).toMatchObject([{ dimension: 'storage', quantity: 0n }])
  })
})

describe('a record', () => {
  test('is sending before its attempt and accepted after it', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    expect(await markSending(bench.ledger, id)).toMatchObject({ state: 'sending', attempts: 1 })
    const settled = await settle(bench.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    expect(settled).toMatchObject({ state: 'accepted', meteringRecordId: 'm-1', ambiguous: false })
    expect(await bench.ledger.pendingRecords()).toEqual([])
    expect(await markSending(bench.ledger, id)).toBeUndefined()
  })

  test('that AWS certainly did not take is as good as never tried', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    expect(await attempt(bench, id, { kind: 'not-taken', ...told })).toMatchObject({
      state: 'sealed',
      attempts: 1,
      ambiguous: false,
      lastCode: 'SomeException',
    })
  })

  test('whose answer was lost stays ambiguous, also after a clear refusal', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    expect(await attempt(bench, id, { kind: 'unknown', ...told })).toMatchObject({
      state: 'sending',
      ambiguous: true,
    })
    expect(await attempt(bench, id, { kind: 'not-taken', ...told })).toMatchObject({
      state: 'sending',
      ambiguous: true,
    })
    expect(await attempt(bench, id, { kind: 'refused', ...told })).toMatchObject({
      state: 'refused',
      ambiguous: true,
    })
  })

  test('whose hour somebody else has closed gives its usage to the next hour, tags and all', async () => {
    const bench = await openBench()
    const tags = canonicalTags([{ key: 'team', value: 'a' }])
    await bench.report('requests', 2n * unit, { tags })
    const { id } = await sealOne(bench, unit)
    const moved = await attempt(bench, id, { kind: 'hour-taken', ...told })
    expect(moved).toMatchObject({ state: 'moved', movedTo: nine + hourMs })
    expect(await balanced(bench)).toBe(true)
    await bench.clock.advance(hourMs)
    const [next] = await sealHours(bench.ledger, bench.clock)
    expect(next).toMatchObject({
      hour: nine + hourMs,
      quantity: 3_000_000n,
      allocations: [
        { tags: untagged, quantity: 1_000_000n },
        { tags, quantity: 2_000_000n },
      ],
    })
    expect(bench.told('recordMoved')).toMatchObject([{ fromHour: nine, toHour: nine + hourMs }])
  })

  test('keeps its hour closed after its usage moved on', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'hour-taken', ...told })
    const late = await bench.report('requests', unit, { occurredAt: nine + 1 })
    expect(late).toMatchObject({ hour: nine + hourMs, late: true })
  })

  test.each(['hour-taken', 'too-late'] as const)(
    'that may have been billed is unresolved after %s, and never sent again by itself',
    async (kind) => {
      const bench = await openBench()
      const { id } = await sealOne(bench)
      await attempt(bench, id, { kind: 'unknown', ...told })
      const settlement: Settlement =
        kind === 'too-late' ? { kind, policy: 'carry', ...told } : { kind, ...told }
      expect(await attempt(bench, id, settlement)).toMatchObject({ state: 'unresolved' })
      expect(await bench.ledger.pendingRecords()).toEqual([])
      expect((await bench.ledger.usage()).open).toEqual([])
      expect(await balanced(bench)).toBe(true)
    },
  )

  test('that comes too late is carried to the current hour, or held for its own', async () => {
    const bench = await openBench()
    const first = await sealOne(bench)
    await bench.clock.advance(7 * hourMs)
    const carried = await attempt(bench, first.id, { kind: 'too-late', policy: 'carry', ...told })
    expect(carried).toMatchObject({ state: 'moved', movedTo: nine + 8 * hourMs })
    const second = await sealOne(bench)
    const held = await attempt(bench, second.id, { kind: 'too-late', policy: 'hold', ...told })
    expect(held).toMatchObject({ state: 'moved', movedTo: undefined })
    expect((await bench.ledger.usage()).held).toMatchObject([
      {
        hour: second.hour,
        reason: 'late',
        quantity: second.divisor * second.quantity,
      },
    ])
    const late = await settle(bench.ledger, second.id, {
      kind: 'accepted',
      meteringRecordId: 'm-9',
    })
    expect(late).toMatchObject({ state: 'moved', lastCode: 'AcceptedAfterMove' })
    expect(late.lastMessage).toContain('write that off')
    expect(await balanced(bench)).toBe(true)
  })

  test('that AWS says is too early was so at every lost attempt, and goes to the current hour', async () => {
    const bench = await openBench()
    await bench.clock.advance(26 * hourMs)
    const { id, hour } = await sealOne(bench)
    await attempt(bench, id, { kind: 'unknown', ...told })
    bench.clock.step(-26 * hourMs)
    expect(await attempt(bench, id, { kind: 'too-early', ...told })).toMatchObject({
      state: 'moved',
      ambiguous: false,
      movedTo: hour - 25 * hourMs,
    })
    expect(await balanced(bench)).toBe(true)
  })

  test('that is tried again before its last answer was stored may have been taken', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await markSending(bench.ledger, id)
    expect(await markSending(bench.ledger, id)).toMatchObject({ attempts: 2, ambiguous: true })
    const throttled = await settle(bench.ledger, id, { kind: 'not-taken', ...told })
    expect(throttled).toMatchObject({ state: 'sending', ambiguous: true })
    expect(await settle(bench.ledger, id, { kind: 'hour-taken', ...told })).toMatchObject({
      state: 'unresolved',
    })
  })

  test('that AWS answers with the id of another record has lost its hour to that one', async () => {
    const bench = await openBench()
    const first = await sealOne(bench)
    const second = await sealOne(bench)
    const accepted = { kind: 'accepted', meteringRecordId: 'm-1' } as const
    expect(await attempt(bench, first.id, accepted)).toMatchObject({ state: 'accepted' })
    expect(await attempt(bench, second.id, accepted)).toMatchObject({
      state: 'moved',
      meteringRecordId: undefined,
      lastCode: 'MeteringRecordIdTaken',
    })
    expect(await balanced(bench)).toBe(true)
  })

  test('that two attempts get one id for is accepted', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'unknown', ...told })
    const again = await attempt(bench, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    expect(again).toMatchObject({ state: 'accepted' })
  })

  test('that became unresolved before AWS said yes is accepted', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'unknown', ...told })
    await attempt(bench, id, { kind: 'hour-taken', ...told })
    const late = await settle(bench.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    expect(late).toMatchObject({ state: 'accepted', meteringRecordId: 'm-1', ambiguous: false })
    expect(await balanced(bench)).toBe(true)
  })

  test('that had moved on before AWS said yes keeps the id, for the operator to see', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'hour-taken', ...told })
    const late = await settle(bench.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    expect(late).toMatchObject({
      state: 'moved',
      meteringRecordId: 'm-1',
      lastCode: 'AcceptedAfterMove',
    })
    expect(await balanced(bench)).toBe(true)
  })

  test('that bears the id of another one fails the audit', async () => {
    const { log, lines } = createRecordedLog()
    const bench = await openBench({ log })
    for (const meteringRecordId of ['m-1', 'm-2'])
      await attempt(bench, (await sealOne(bench)).id, { kind: 'accepted', meteringRecordId })
    await bench.ledger.audit()
    expect(bench.told('ledgerAudited').at(-1)?.balanced).toBe(true)
    const database = new DatabaseSync(join(bench.directory, 'ledger.db'))
    database.exec("UPDATE record SET metering_record_id = 'm-1'")
    database.close()
    await bench.ledger.audit()
    expect(bench.told('ledgerAudited').at(-1)?.balanced).toBe(false)
    expect(lines).toMatchObject([
      { event: 'ledger.shared-id', fields: { meteringRecordId: 'm-1', records: [1, 2] } },
    ])
  })

  test('that was settled meanwhile is not settled again', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    const again = await settle(bench.ledger, id, { kind: 'hour-taken', ...told })
    expect(again).toMatchObject({ state: 'accepted', meteringRecordId: 'm-1' })
  })

  test('that is settled for 45 days is pruned into the totals of its key', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    await bench.clock.advance(46 * 24 * hourMs)
    await bench.ledger.prune()
    expect([...(await bench.ledger.gauges()).states.values()].every((count) => count === 0)).toBe(
      true,
    )
    expect(await bench.ledger.audit()).toMatchObject([{ reported: 3n * unit, recorded: 3n * unit }])
    expect(await balanced(bench)).toBe(true)
  })

  test('that is not accepted is never pruned', async () => {
    const bench = await openBench()
    const { id } = await sealOne(bench)
    await attempt(bench, id, { kind: 'refused', ...told })
    await bench.clock.advance(100 * 24 * hourMs)
    await bench.ledger.prune()
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ id, state: 'refused' }])
  })
})

describe('steps of the clock', () => {
  test('back by an hour send usage to an hour that is still unsealed', async () => {
    const bench = await openBench()
    await sealOne(bench)
    bench.clock.step(-hourMs)
    expect(await bench.report('requests', unit)).toMatchObject({ hour: nine + hourMs, late: true })
    await bench.clock.advance(2 * hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([{ hour: nine + hourMs }])
    expect(await balanced(bench)).toBe(true)
  })

  test('ahead by an hour and back keep every unit in one record', async () => {
    const bench = await openBench()
    await bench.report('requests', unit)
    bench.clock.step(hourMs)
    await sealHours(bench.ledger, bench.clock)
    bench.clock.step(-hourMs)
    await bench.report('requests', unit)
    await bench.clock.advance(3 * hourMs)
    await sealHours(bench.ledger, bench.clock)
    expect((await bench.ledger.usage()).pending).toMatchObject([
      { hour: nine, quantity: 1_000_000n },
      { hour: nine + hourMs, quantity: 1_000_000n },
    ])
    expect(await balanced(bench)).toBe(true)
  })

  test.each([
    ['midnight', '2026-03-10T23:59:59Z', '2026-03-10T23:00:00Z', '2026-03-11T00:00:00Z'],
    ['the end of a month', '2026-02-28T23:59:59Z', '2026-02-28T23:00:00Z', '2026-03-01T00:00:00Z'],
    ['the end of a year', '2026-12-31T23:59:59Z', '2026-12-31T23:00:00Z', '2027-01-01T00:00:00Z'],
  ])('over %s keep the hours apart', async (_, start, before, after) => {
    const bench = await openBench()
    bench.clock.step(Date.parse(start) - bench.clock.now())
    await bench.report('requests', unit)
    await bench.clock.advance(2000)
    await bench.report('requests', 2n * unit)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      { hour: Date.parse(before), quantity: 1_000_000n },
      { hour: Date.parse(after), quantity: 2_000_000n },
    ])
  })
})
