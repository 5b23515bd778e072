import { expect, inject, test } from 'vitest'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { plainMeaning } from '../support/ledger/open-ledger.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
const told = { code: 'ThrottlingException', message: 'slow down' }
const lastHourOfMonth = Date.parse('2026-03-31T23:00:00Z')

/**
 * Two replicas that meter the last hour of a month for two customers. The first has sealed the record of one; the
 * usage of the other is open.
 */
async function monthEnd(lateUsage: 'carry' | 'hold') {
  const url = await newDatabase(server)
  const clock = new ManualClock(lastHourOfMonth)
  const open = (name: string) =>
    openSharedLedger(url, `pod:${name}`, clock, {
      meaningOf: plainMeaning,
      customers: { ...customers, lateUsage },
      lateUsage,
    })
  const [first, second] = [await open('first'), await open('second')]
  for (const customer of ['acme', 'globex'])
    await first.ledger.customers?.register({
      customer,
      names: { identifier: customer },
      reactivates: false,
    })
  await first.report('requests', 3n * unit, { customer: 'acme' })
  await clock.advance(hourMs)
  const [sealed] = await first.seal()
  await first.report('requests', 5n * unit, { customer: 'globex', occurredAt: lastHourOfMonth })
  return { url, clock, first, second, sealed, id: sealed?.id ?? 0 }
}

test.each(['carry', 'hold'] as const)(
  'what a replica that died left of a customer is billed in its own hour (late usage: %s)',
  async (lateUsage) => {
    const { clock, first, second, sealed, id } = await monthEnd(lateUsage)
    await markSending(first.ledger, id)
    await settle(first.ledger, id, { kind: 'not-taken', ...told })
    await first.ledger.close()
    await clock.advance(hourMs)
    expect(await second.ledger.takeOver()).toEqual([lastHourOfMonth])
    expect(await markSending(second.ledger, id)).toMatchObject({
      hour: lastHourOfMonth,
      timestamp: sealed?.timestamp,
      quantity: 3n * unit,
      parts: sealed?.parts,
      resource: 'pod:second',
      attempts: 2,
    })
    await settle(second.ledger, id, { kind: 'accepted', meteringRecordId: 'm-1' })
    expect(await second.seal()).toMatchObject([
      { customer: 'globex', hour: lastHourOfMonth, quantity: 5n * unit },
    ])
    expect((await second.ledger.usage()).held).toEqual([])
    expect(await imbalances(second.ledger)).toEqual([0n, 0n])
  },
)

test('a replica that comes back neither sends nor settles what another one sends by then', async () => {
  const { url, first, second, id } = await monthEnd('carry')
  await markSending(first.ledger, id)
  await settle(first.ledger, id, { kind: 'not-taken', ...told })
  // It was paused for longer than its lease.
  await asOwner(
    url,
    `UPDATE marketplace_sidecar.lease SET until = '-infinity' WHERE resource_id =
       (SELECT id FROM marketplace_sidecar.resource WHERE identity = 'pod:first')`,
  )
  await second.ledger.takeOver()
  expect(await first.ledger.markAll([id])).toEqual([])
  expect(await first.ledger.pendingRecords()).toEqual([])
  const marked = await markSending(second.ledger, id)
  // The answer that it could not store at first.
  await settle(first.ledger, id, { kind: 'not-taken', ...told })
  expect((await second.ledger.usage()).pending).toMatchObject([{ id, inFlight: true }])
  expect(marked).toMatchObject({ state: 'sending' })
  expect(hourOf(lastHourOfMonth)).toBe(marked?.hour)
})

test('a call whose replica is gone leaves its record unresolved, for its own hour', async () => {
  const { first, second, id } = await monthEnd('carry')
  await markSending(first.ledger, id)
  await first.ledger.close()
  expect(await second.ledger.takeOver()).toEqual([])
  expect((await second.ledger.usage()).settled).toMatchObject([
    { id, state: 'unresolved', resource: 'pod:first' },
  ])
  expect(await second.ledger.markAll([id])).toEqual([])
  await settle(second.ledger, id, { kind: 'accepted', meteringRecordId: 'late' })
  expect(await imbalances(second.ledger)).toEqual([0n, 0n])
})

test('a replica takes over more records than one transaction does', async () => {
  const { url, first, second, id } = await monthEnd('carry')
  await asOwner(
    url,
    `INSERT INTO marketplace_sidecar.record
       (slot_id, hour, resource_id, timestamp, quantity, form, client_token, state, sealed_at)
     SELECT slot_id, hour - n::bigint * 3600000, resource_id, timestamp - n::bigint * 3600000, 0, form, 'token', 'sealed', 0
     FROM marketplace_sidecar.record, generate_series(1, 1200) AS n WHERE id = ${id}`,
  )
  await first.ledger.close()
  expect(await second.ledger.takeOver()).toHaveLength(1201)
  expect(await second.ledger.pendingRecords()).toHaveLength(1201)
  expect(await imbalances(second.ledger)).toEqual([0n, 0n])
})
