import { meterUsage } from '../../../src/channels/meter-usage/meter-usage.ts'
import { Sender } from '../../../src/channels/sender.ts'
import { Submitter, type SubmitterOptions } from '../../../src/channels/submitter.ts'
import { formatQuantity } from '../../../src/metering/quantity.ts'
import { apiOf } from '../aws/api-of.ts'
import { openBench, type LedgerBench } from './ledger-bench.ts'
import type { OpenLedgerOptions } from './open-ledger.ts'
import { createSilentLog } from '../silent-log.ts'

/** A submitter and its sender on a ledger, before an AWS that accepts everything; `sent` has what it was sent. */
export async function createSubmitterBench(
  more: Partial<SubmitterOptions> = {},
  opening: Partial<OpenLedgerOptions> = {},
) {
  const bench = await openBench(opening)
  const { ledger, clock, events } = bench
  const sent: string[] = []
  const sender = new Sender({
    ledger,
    channel: meterUsage,
    api: apiOf({
      meterUsage: ({ dimension, quantity, timestamp }) => {
        sent.push(
          `${dimension} ${formatQuantity(quantity)} ${new Date(timestamp).toISOString().slice(11, 19)}`,
        )
        return Promise.resolve({ ok: true, value: { meteringRecordId: `m-${sent.length}` } })
      },
    }),
    clock,
    events,
    log: createSilentLog(),
    random: () => 1,
    lateUsage: 'carry',
    submitSpreadMs: 0,
    notBefore: () => 0,
    onAnswer: () => {},
    usageArrived: () => {},
  })
  const submitter = new Submitter({
    ledger,
    channel: meterUsage,
    sender,
    clock,
    events,
    log: createSilentLog(),
    dimensions: [{ name: 'requests' }],
    wasHeard: () => true,
    sealDelayMs: 60_000,
    zeroRecords: false,
    ...more,
  })
  const report: LedgerBench['report'] = async (...args) => {
    const receipt = await bench.report(...args)
    submitter.usageArrived(receipt.hour)
    return receipt
  }
  return { ...bench, report, submitter, sender, sent }
}
