import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { refusal } from '../../support/refusal.ts'

const hourMs = 3_600_000
/** What a key with one receipt counts for. */
const keyBytes = 116

test('a book full of idempotency keys drops none of them, and refuses reports with new ones', async () => {
  const { ledger, report, clock } = await openBench({ keyLimitBytes: 5 * keyBytes })
  for (const idempotencyKey of ['a', 'b', 'c', 'd', 'e'])
    await report('requests', unit, { idempotencyKey })
  const shared = await Promise.allSettled([
    report('requests', unit, { idempotencyKey: 'f' }),
    report('requests', unit, { idempotencyKey: 'a' }),
    report('requests', unit),
  ])
  expect(shared).toMatchObject([
    { status: 'rejected', reason: { code: 'LedgerFull' } },
    { status: 'fulfilled', value: { result: 'duplicate' } },
    { status: 'fulfilled', value: { result: 'accepted' } },
  ])
  await clock.advance(24 * hourMs)
  await ledger.prune()
  await expect(report('requests', unit, { idempotencyKey: 'f' })).rejects.toThrow(/idempotency/)
  expect(await report('requests', unit, { idempotencyKey: 'a' })).toMatchObject({
    result: 'duplicate',
  })
  await clock.advance(2 * hourMs)
  await ledger.prune()
  expect(await report('requests', unit, { idempotencyKey: 'f' })).toMatchObject({
    result: 'accepted',
  })
  const batch = ['g', 'h', 'i', 'j', 'k'].map((key) =>
    reportOf('requests', unit, { idempotencyKey: key }),
  )
  const refused = ledger.report({ reports: batch, idempotencyKey: undefined })
  await expect(refused).rejects.toMatchObject(refusal('LedgerFull'))
  expect(await ledger.audit()).toMatchObject([{ reported: 7n * unit, imbalance: 0n }])
})

test('keys of any length take what the cap says, and reports without keys go on', async () => {
  const keyLimitBytes = 2 ** 20
  const { ledger, report, directory } = await openBench({ keyLimitBytes })
  const batch = (name: number) => ({
    reports: Array.from({ length: 1000 }, (_, index) =>
      reportOf('requests', unit, { idempotencyKey: `${name}-${index}-`.padEnd(255, 'k') }),
    ),
    idempotencyKey: undefined,
  })
  const most = Math.floor(keyLimitBytes / (1000 * keyBytes))
  for (let name = 0; name < most; name += 1) await ledger.report(batch(name))
  await expect(ledger.report(batch(most))).rejects.toMatchObject(refusal('LedgerFull'))
  expect(await report('requests', unit)).toMatchObject({ result: 'accepted' })
  await ledger.close()
  expect(statSync(join(directory, 'ledger.db')).size).toBeLessThan(1.2 * keyLimitBytes + 2 ** 17)
})

test('the receipts of a batch with one key take the room of one', async () => {
  const { ledger } = await openBench({ keyLimitBytes: 2 * keyBytes })
  const reports = Array.from({ length: 1000 }, () => reportOf('requests', unit, {}))
  const send = () => ledger.report({ reports, idempotencyKey: 'batch' })
  expect(await send()).toHaveLength(1000)
  const again = await send()
  expect(again).toHaveLength(1000)
  expect(new Set(again.map(({ result }) => result))).toEqual(new Set(['duplicate']))
})
