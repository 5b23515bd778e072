import type { AwsClock } from '../../aws/aws-clock.ts'
import type { MeteringApi } from '../../aws/metering-api.ts'
import { wordsOfFailure } from '../../aws/words-of-failure.ts'
import { createSubmission, type Submission } from '../../channels/create-submission.ts'
import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import { atMost } from '../../kernel/clock.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { hasCustomers, routeOf } from '../../product/routes.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

export interface SubmissionPart extends Submission, AsyncDisposable {}

interface Deps {
  readonly ledger: Ledger
  readonly api: MeteringApi
  readonly entitlement: Entitlement
}

/** How long the ledger gets to store the outcome of the last calls, which are cut off when it begins. */
const settleGraceMs = 500

/** Creates the submitter and the sender, whose answers confirm or deny the entitlement. Nothing is sent yet. */
export function startSubmission(
  options: SidecarOptions & { readonly awsTime: AwsClock },
  { ledger, api, entitlement }: Deps,
): SubmissionPart {
  const { settings, timers } = options
  const isOfCustomers = hasCustomers(settings.product.route)
  const submission = createSubmission({
    ...options,
    ...settings,
    channel: routeOf(settings.product.route).channel,
    ledger,
    api,
    onAnswer(failure) {
      if (failure === undefined) entitlement.confirm()
      // What AWS says of one customer says nothing of the product.
      else if (!isOfCustomers && failure.kind === 'not-entitled')
        entitlement.deny(failure.code, wordsOfFailure(failure))
    },
  })
  const { submitter, sender } = submission
  return {
    ...submission,
    async [Symbol.asyncDispose]() {
      submitter.stop()
      sender.stop()
      // Cuts off the calls under way. Their outcome has to reach the ledger before it closes.
      api.close()
      await atMost(timers, settleGraceMs, sender.settled())
    },
  }
}
