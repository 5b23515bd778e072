import { expect, test } from 'vitest'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'

const hourMs = 3_600_000

test('a book full of idempotency keys drops none of them, and refuses reports with new ones', async () => {
  const { ledger, report, clock } = await openBench({ maxKeys: 5 })
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
  await clock.advance(2 * hourMs)
  await ledger.prune()
  expect(await report('requests', unit, { idempotencyKey: 'f' })).toMatchObject({
    result: 'accepted',
  })
  const batch = ['g', 'h', 'i', 'j', 'k'].map((key) =>
    reportOf('requests', unit, { idempotencyKey: key }),
  )
  const refused = ledger.report({ reports: batch, idempotencyKey: undefined })
  await expect(refused).rejects.toMatchObject({ code: 'LedgerFull' })
  expect(await ledger.audit()).toMatchObject([{ reported: 7n * unit, imbalance: 0n }])
})
