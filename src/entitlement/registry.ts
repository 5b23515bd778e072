import type { Route } from '../product/product.ts'
import { createDryRunProof } from './dry-run/dry-run-proof.ts'
import type { Proof, ProofContext } from './proof.ts'
import { createRegisterUsageProof } from './register-usage/register-usage-proof.ts'

/** Every proof, a line each. */
const proofs = {
  'register-usage': createRegisterUsageProof,
  'dry-run': createDryRunProof,
} as const satisfies Readonly<Record<string, (context: ProofContext) => Proof>>

export type ProofName = keyof typeof proofs
export const proofNames = Object.keys(proofs) as readonly ProofName[]

/** The proofs that a route runs, in their order. */
export const proofsOfRoute: Readonly<Record<Route, readonly ProofName[]>> = {
  hourly: ['register-usage'],
  metered: ['dry-run'],
  both: ['register-usage', 'dry-run'],
}

/** Throws a TypeError when the product lacks what the proof needs, such as a public key. */
export function createProof(name: ProofName, context: ProofContext): Proof {
  return proofs[name](context)
}
