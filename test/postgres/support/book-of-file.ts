import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

export const meaning = { productCode: 'product', divisor: 10n }
export const pod = 'pod:old'

/** A ledger in a directory with something in every place, which its pod has closed. */
export async function bookOfFile() {
  const bench = await openBench({
    resource: pod,
    meaningOf: () => meaning,
    maxPerHour: (dimension) => (dimension === 'guarded' ? 50n * unit : undefined),
  })
  const { ledger, clock, report } = bench
  for (const dimension of ['accepted', 'marked', 'sealed', 'guarded'])
    await report(dimension, 105n * unit, {
      idempotencyKey: dimension,
      tags: canonicalTags([{ key: 'team', value: 'a' }]),
    })
  await clock.advance(hourMs)
  const records = await sealHours(ledger, clock)
  const idOf = (name: string) => records.find(({ dimension }) => dimension === name)?.id ?? 0
  await markSending(ledger, idOf('accepted'))
  await settle(ledger, idOf('accepted'), { kind: 'accepted', meteringRecordId: 'm-1' })
  await markSending(ledger, idOf('marked'))
  await report('open', 7n * unit)
  await ledger.close()
  return bench
}
