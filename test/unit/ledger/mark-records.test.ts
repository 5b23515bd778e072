import { expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

test('one call has records of one product, and only those that still wait', async () => {
  const { ledger, clock, report } = await openBench({
    meaningOf: (dimension) => ({ productCode: `product of ${dimension[0]}`, divisor: 1n }),
  })
  for (const dimension of ['a1', 'b1', 'a2', 'a3']) await report(dimension, unit)
  await clock.advance(hourMs)
  const records = await sealHours(ledger, clock)
  const idOf = (name: string) => records.find(({ dimension }) => dimension === name)?.id ?? 0
  await markSending(ledger, idOf('a3'))
  await settle(ledger, idOf('a3'), { kind: 'accepted', meteringRecordId: 'm-1' })
  const marked = await ledger.markAll([...['a1', 'b1', 'a2', 'a3'].map(idOf), 4711])
  expect(marked.map(({ dimension }) => dimension)).toEqual(['a1', 'a2'])
  expect(await ledger.markAll([idOf('a3')])).toEqual([])
  expect(await ledger.markAll([4711])).toEqual([])
})

test('a record keeps the time of its first attempt', async () => {
  const { ledger, clock, report } = await openBench()
  await report('requests', unit)
  await clock.advance(hourMs)
  await sealHours(ledger, clock)
  const first = clock.now()
  await markSending(ledger, 1)
  await settle(ledger, 1, { kind: 'not-taken', code: 'C', message: '' })
  await clock.advance(1000)
  expect(await markSending(ledger, 1)).toMatchObject({
    firstAttemptAt: first,
    lastAttemptAt: first + 1000,
    attempts: 2,
  })
})
