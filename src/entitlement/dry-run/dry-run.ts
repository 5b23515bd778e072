import type { MeteringApi } from '../../aws/metering-api.ts'
import type { Clock } from '../../kernel/clock.ts'
import { failedStep, type ProofStep } from '../proof.ts'

export interface DryRunOptions {
  readonly api: MeteringApi
  readonly productCode: string
  /** Any dimension of the product; permission does not depend on which. */
  readonly dimension: string
  readonly clock: Clock
}

/** Asks AWS whether metering this buyer would be permitted, without recording anything. */
export async function dryRun(options: DryRunOptions): Promise<ProofStep> {
  const { api, productCode, dimension, clock } = options
  const answer = await api.dryRun({ productCode, dimension, timestamp: clock.now() })
  // A duplicate says that a record of this very task or pod stands for the hour, so metering it is
  // permitted; a container that restarts after its last record can meet it.
  const permitted = answer.ok || answer.failure.kind === 'duplicate'
  return permitted
    ? { ok: true, warnings: [], signedBy: undefined }
    : failedStep('MeterUsage with DryRun', answer.failure)
}
