import { fail, succeed } from '../../kernel/result.ts'
import { failedProof } from '../failed-proof.ts'
import type { Proof, ProofContext } from '../proof.ts'

/**
 * Asks AWS whether metering this buyer would be permitted. An attempt is one call of MeterUsage with
 * DryRun, for the product's first dimension: permission does not depend on which.
 */
export function createDryRunProof({ api, product, clock }: ProofContext): Proof {
  const { productCode, route, dimensions } = product
  const dimension = dimensions[0]?.name
  if (dimension === undefined) throw new TypeError(`route ${route} needs a dimension`)
  return {
    name: 'dry-run',
    async attempt() {
      const answer = await api.dryRun({ productCode, dimension, timestamp: clock.now() })
      // A duplicate means that a record of this very task or pod stands for the hour, so metering it is
      // permitted. A container that restarts after its last record can get this answer.
      const permitted = answer.ok || answer.failure.kind === 'duplicate'
      return permitted
        ? succeed({ warnings: [], signingKey: undefined })
        : fail(failedProof('MeterUsage with DryRun', answer.failure))
    },
  }
}
