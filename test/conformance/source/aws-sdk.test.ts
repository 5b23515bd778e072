import { awsSdkSource } from '../../../src/sources/aws-sdk/aws-sdk-source.ts'
import { callFront, usageInput } from '../../support/aws/front-call.ts'
import { describeSource, type SentUsage } from './source-conformance.ts'
import type { RunningSource } from './running-source.ts'

async function send({ port }: RunningSource, { id, dimension, quantity, tags }: SentUsage) {
  const Tags = Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }))
  const allocations = [{ AllocatedUsageQuantity: Number(quantity), Tags }]
  const input = usageInput({
    ProductCode: 'product',
    UsageDimension: dimension,
    UsageQuantity: Number(quantity),
    ...(tags && { UsageAllocations: allocations }),
    ClientToken: id,
  })
  const { status, body } = await callFront(port, 'MeterUsage', input)
  return { acknowledged: status === 200, code: body['__type'] as string | undefined }
}

describeSource({
  source: awsSdkSource,
  start: () => ({ send }),
  codes: {
    LedgerFull: 'InternalServiceErrorException',
    LedgerBusy: 'ServiceUnavailableException',
    LedgerFailed: 'InternalServiceErrorException',
    ShuttingDown: 'ServiceUnavailableException',
    defect: 'InternalServiceErrorException',
  },
  complaint: 'refused requests',
  unknownDimension: { acknowledged: false, code: 'InvalidUsageDimensionException' },
  // AWS's whole units, while the book counts in what the application counts in.
  quantities: [
    { dimension: 'requests', sent: '0', micro: 0n },
    { dimension: 'requests', sent: '2147483647', micro: 2_147_483_647_000_000n },
    { dimension: 'storage', sent: '3', micro: 3_000_000_000n },
  ],
  addsUp: true,
})
