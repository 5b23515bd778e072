import { expect, test } from 'vitest'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import {
  createSenderBench as createBench,
  failure,
  script,
  sealHour,
  work,
} from '../../support/ledger/sender-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'

test('usage of a dimension that AWS no longer knows goes to the one that replaces it, without a restart', async () => {
  const { log, lines } = createRecordedLog()
  const arrived: number[] = []
  const unknownDimension = failure({
    code: 'InvalidUsageDimensionException',
    kind: 'misconfigured',
  })
  const bench = await createBench(
    script(unknownDimension),
    { log, usageArrived: (hour) => arrived.push(hour) },
    {
      log,
      replacements: {
        productCode: 'product',
        dimensionOf: (name) => (name === 'requests' ? 'calls' : name),
        replacesCode: () => false,
      },
    },
  )
  const [record] = await sealHour(bench, 'requests')
  bench.sender.wake()
  await work()
  expect((await bench.ledger.usage()).open).toEqual([
    { dimension: 'calls', hour: record?.hour, quantity: unit },
  ])
  expect(arrived).toEqual([record?.hour])
  expect(lines.map(({ event }) => event)).toEqual(['record.failed', 'record.reopened'])
  await sealHours(bench.ledger, bench.clock)
  bench.sender.wake()
  await work()
  expect(bench.sent.map(({ dimension }) => dimension)).toEqual(['requests', 'calls'])
  expect((await bench.ledger.audit()).map(({ imbalance }) => imbalance)).toEqual([0n, 0n])
})
