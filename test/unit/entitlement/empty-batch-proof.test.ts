import { createEmptyBatchProof } from '../../../src/entitlement/empty-batch/empty-batch-proof.ts'
import { succeed } from '../../../src/kernel/result.ts'
import { describeProof } from '../../conformance/proof-conformance.ts'
import { productWith } from './proof-bench.ts'

describeProof({
  name: 'empty-batch',
  create: createEmptyBatchProof,
  product: productWith('saas'),
  method: 'batchMeterUsage',
  operation: 'BatchMeterUsage without records',
  yes: () => succeed({ results: [] }),
  signingKeyVersion: undefined,
  provedBy: [],
})
