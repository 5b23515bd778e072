import { jsonSource } from '../../../src/sources/json/json-source.ts'
import { describeSource, type SentUsage } from './source-conformance.ts'

async function send(port: number, { idempotencyKey, ...report }: SentUsage) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/usage`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify(report),
  })
  const { code } = (await response.json()) as { readonly code?: string }
  return { acknowledged: response.ok, code }
}

describeSource(jsonSource, {
  send,
  codes: {
    LedgerFull: 'LedgerFull',
    LedgerBusy: 'LedgerBusy',
    LedgerFailed: 'LedgerFailed',
    ShuttingDown: 'ShuttingDown',
    defect: 'InternalError',
    unknownDimension: 'UnknownDimension',
  },
  quantities: [
    { dimension: 'requests', sent: '0', micro: 0n },
    { dimension: 'requests', sent: '0.000001', micro: 1n },
    { dimension: 'requests', sent: '2.5', micro: 2_500_000n },
    { dimension: 'requests', sent: '999999999999999.999999', micro: 999_999_999_999_999_999_999n },
    { dimension: 'storage', sent: '3', micro: 3_000_000n },
  ],
  bookKey: (sent) => sent,
})
