import type { ProofName } from '../product/routes.ts'
import { createDryRunProof } from './dry-run/dry-run-proof.ts'
import { createEmptyBatchProof } from './empty-batch/empty-batch-proof.ts'
import type { Proof, ProofContext } from './proof.ts'
import { createRegisterUsageProof } from './register-usage/register-usage-proof.ts'

/** Every proof, a line each. */
const proofs: Readonly<Record<ProofName, (context: ProofContext) => Proof>> = {
  'register-usage': createRegisterUsageProof,
  'dry-run': createDryRunProof,
  'empty-batch': createEmptyBatchProof,
}

/** Throws a TypeError when the product lacks what the proof needs, such as a public key. */
export function createProof(name: ProofName, context: ProofContext): Proof {
  return proofs[name](context)
}
