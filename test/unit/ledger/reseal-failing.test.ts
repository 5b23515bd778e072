import { expect, test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import type { DataSync } from '../../../src/store/sqlite/file/data-sync.ts'
import { changeBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { ForgetfulDisk } from '../../support/ledger/forgetful-disk.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const tags = canonicalTags([{ key: 'team', value: 'a' }])
const refusal = { code: 'InvalidTagException', message: 'refused' }

/** A record of 3 units, 2 of them tagged, whose tags AWS has refused. */
async function refusedBench(dataSync: DataSync = () => Promise.resolve()) {
  const bench = await openBench({ dataSync })
  await bench.report('requests', unit)
  await bench.report('requests', 2n * unit, { tags })
  await bench.clock.advance(hourMs)
  const [sealed] = await sealHours(bench.ledger, bench.clock)
  const id = sealed?.id ?? 0
  await markSending(bench.ledger, id)
  const record = await settle(bench.ledger, id, { kind: 'refused', ...refusal })
  return { bench, record }
}

/** The refused record stands whole, and resealing it gives the content that it would have given. */
async function expectResealable(
  { ledger }: LedgerBench,
  record: MeteringRecord,
): Promise<MeteringRecord | undefined> {
  expect(await ledger.audit()).toMatchObject([{ recorded: 3n * unit, imbalance: 0n }])
  expect((await ledger.pendingRecords()).map(({ id, state }) => ({ id, state }))).toEqual([
    { id: record.id, state: 'refused' },
  ])
  const resealed = await ledger.resealRecord(record.id, clientTokenOf)
  expect(resealed).toMatchObject({ state: 'sealed', quantity: 3_000_000n, allocations: undefined })
  expect(await ledger.audit()).toMatchObject([{ recorded: 3n * unit, imbalance: 0n }])
  return resealed
}

test('sealing again without tags that fails leaves the record refused, with its tags', async () => {
  const { bench, record } = await refusedBench()
  const failing = bench.ledger.resealRecord(record.id, () => {
    throw new Error('the disk is away')
  })
  await expect(failing).rejects.toThrow('the disk is away')
  const sending = await markSending(bench.ledger, record.id)
  expect(sending).toMatchObject({
    allocations: record.allocations,
    clientToken: record.clientToken,
  })
  await settle(bench.ledger, record.id, { kind: 'refused', ...refusal })
  await expectResealable(bench, record)
})

test('sealing again while the book is locked leaves the record for the next attempt', async () => {
  const { bench, record } = await refusedBench()
  let resealing: Promise<unknown> | undefined
  const locking = changeBook(bench.directory, () => {
    // Begins while the other process has its transaction.
    resealing = bench.ledger.resealRecord(record.id, clientTokenOf)
    throw new Error('nothing to change')
  })
  await expect(locking).rejects.toThrow('nothing to change')
  expect(await resealing).toMatchObject({ state: 'sealed', allocations: undefined })
  expect(await bench.ledger.audit()).toMatchObject([{ recorded: 3n * unit, imbalance: 0n }])
})

test('a kill before the flush, and a power cut, leave one of the two records whole', async () => {
  const disk = new ForgetfulDisk()
  const { bench, record } = await refusedBench(disk.dataSync)
  disk.failing = 'ledger.db-wal'
  await expect(bench.ledger.resealRecord(record.id, clientTokenOf)).rejects.toMatchObject({
    code: 'LedgerFailed',
  })
  disk.failing = undefined
  const wanted = clientTokenOf(record.resource, { ...record, allocations: undefined })

  const cut = await openBench({ directory: disk.cutPower(bench.directory), clock: bench.clock })
  expect((await expectResealable(cut, record))?.clientToken).toBe(wanted)

  const next = await openBench({ directory: disk.killProcess(bench.directory), clock: bench.clock })
  // The kernel's cache has it: the next start keeps it, and sends it once, without tags.
  expect(await next.ledger.resealRecord(record.id, clientTokenOf)).toBeUndefined()
  expect(await markSending(next.ledger, record.id)).toMatchObject({
    quantity: 3_000_000n,
    allocations: undefined,
    clientToken: wanted,
  })
  expect(await next.ledger.audit()).toMatchObject([{ recorded: 3n * unit, imbalance: 0n }])
})
