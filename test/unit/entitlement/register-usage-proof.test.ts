import { createRegisterUsageProof } from '../../../src/entitlement/register-usage/register-usage-proof.ts'
import { describeProof } from '../../conformance/proof-conformance.ts'
import { productWith, registered } from './proof-bench.ts'

// With a key version that AWS does not know, an attempt calls once more for each older one:
// key-rotation.test.ts has these.
describeProof({
  name: 'register-usage',
  create: createRegisterUsageProof,
  product: productWith('hourly'),
  method: 'registerUsage',
  operation: 'RegisterUsage',
  yes: registered(),
  signingKeyVersion: 2,
  provedBy: [],
})
