import { jsonSource } from '../../../src/sources/json/json-source.ts'
import { describeSource, type SentUsage } from './source-conformance.ts'
import type { RunningSource } from './running-source.ts'

async function send({ port }: RunningSource, { id, ...report }: SentUsage) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/usage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': id },
    body: JSON.stringify(report),
  })
  const { code } = (await response.json()) as { readonly code?: string }
  return { acknowledged: response.ok, code }
}

describeSource({
  source: jsonSource,
  start: () => ({ send }),
  codes: {
    LedgerFull: 'LedgerFull',
    LedgerBusy: 'LedgerBusy',
    LedgerFailed: 'LedgerFailed',
    ShuttingDown: 'ShuttingDown',
    defect: 'InternalError',
  },
  complaint: 'refused requests',
  unknownDimension: { acknowledged: false, code: 'UnknownDimension' },
  quantities: [
    { dimension: 'requests', sent: '0', micro: 0n },
    { dimension: 'requests', sent: '0.000001', micro: 1n },
    { dimension: 'requests', sent: '2.5', micro: 2_500_000n },
    { dimension: 'requests', sent: '999999999999999.999999', micro: 999_999_999_999_999_999_999n },
    { dimension: 'storage', sent: '3', micro: 3_000_000n },
  ],
  addsUp: true,
})
