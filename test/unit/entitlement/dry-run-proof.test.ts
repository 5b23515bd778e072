import { createDryRunProof } from '../../../src/entitlement/dry-run/dry-run-proof.ts'
import { succeed } from '../../../src/kernel/result.ts'
import { describeProof } from '../../conformance/proof-conformance.ts'
import { productWith } from './proof-bench.ts'

describeProof({
  name: 'dry-run',
  create: createDryRunProof,
  product: productWith('metered'),
  method: 'dryRun',
  operation: 'MeterUsage with DryRun',
  yes: () => succeed(undefined),
  signingKeyVersion: undefined,
  provedBy: ['duplicate'],
})
