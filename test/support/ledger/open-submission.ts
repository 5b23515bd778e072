import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import {
  createSubmission,
  type SubmissionOptions,
} from '../../../src/channels/create-submission.ts'
import { apiOf } from '../aws/api-of.ts'
import { settle } from '../manual-clock.ts'
import type { LedgerBench } from './ledger-bench.ts'
import { createSilentLog } from '../silent-log.ts'

/** A submission from a bench's ledger to an AWS that has the operations of `api` alone. */
export function openSubmission(
  bench: LedgerBench,
  api: Partial<MeteringApi>,
  more: Pick<SubmissionOptions, 'sealDelayMs'> & Partial<SubmissionOptions>,
) {
  const submission = createSubmission({
    ...bench,
    api: apiOf(api),
    log: createSilentLog(),
    random: () => 1,
    product: { dimensions: [{ name: 'requests' }] },
    submitSpreadMs: 0,
    zeroRecords: false,
    lateUsage: 'carry',
    onAnswer: () => {},
    ...more,
  })
  const pass = async (ms: number) => {
    await bench.clock.advance(ms)
    await settle(60)
  }
  return { ...bench, ...submission, pass }
}
