import { fail, succeed } from '../../kernel/result.ts'
import { failedProof } from '../failed-proof.ts'
import type { Proof, ProofContext } from '../proof.ts'

/**
 * Asks AWS whether the sidecar can meter the customers of a SaaS product from here: its identity, its region
 * and its permission. An attempt is one call of BatchMeterUsage without records, which bills no one.
 */
export function createEmptyBatchProof({ api, product }: ProofContext): Proof {
  const { productCode, route, dimensions } = product
  if (dimensions.length === 0) throw new TypeError(`route ${route} needs a dimension`)
  return {
    name: 'empty-batch',
    async attempt() {
      const answer = await api.batchMeterUsage({ productCode, records: [] })
      return answer.ok
        ? succeed({ warnings: [], signingKey: undefined })
        : fail(failedProof('BatchMeterUsage without records', answer.failure))
    },
  }
}
