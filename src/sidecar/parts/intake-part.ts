import type { AwsClock } from '../../aws/aws-clock.ts'
import type { MeteringApi } from '../../aws/metering-api.ts'
import { databaseUrlOf } from '../../config/database-url-of.ts'
import type { Drain } from '../../http/listener/drain.ts'
import type { Listen } from '../../http/listener/server.ts'
import { openAll } from '../../kernel/open-all.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Metrics } from '../../observe/prometheus/metrics.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { startAppListener, type AppListenerPart } from './app-listener-part.ts'
import { startDecisions } from './decisions-part.ts'
import { startEmbeddedMetricsPart } from './embedded-metrics-part.ts'
import { startEndWatch } from './end-watch-part.ts'
import type { EntitlementPart } from './entitlement-part.ts'
import { startSchedule } from './schedule-part.ts'
import type { SubmissionPart } from './submission-part.ts'
import { startTakeover } from './takeover-part.ts'

export interface IntakePart extends AsyncDisposable {
  readonly app: AppListenerPart
}

interface Deps {
  readonly platform: Platform
  readonly ledger: Ledger
  readonly api: MeteringApi
  readonly entitlementPart: EntitlementPart
  readonly submission: SubmissionPart
  readonly metrics: Metrics
  readonly drain: Drain
  readonly listen: Listen
}

/** Starts what brings in work: the application's listener with the sources, and what runs by time. */
export function startIntake(
  options: SidecarOptions & { readonly clock: AwsClock },
  { platform, ledger, api, entitlementPart, submission, metrics, drain, listen }: Deps,
): Promise<IntakePart> {
  const { settings } = options
  const { submitter } = submission
  return openAll(async (opened) => {
    const decisions = opened.use(startDecisions(options, ledger))
    const app = opened.use(
      await startAppListener(options, {
        platform,
        ledger,
        api,
        entitlementPart,
        submission,
        decisions,
        drain,
        listen,
      }),
    )
    opened.use(startEndWatch(options, platform, () => app.endBegins()))
    // After the last thing that can fail: a start that ends here must not leave a record half sent.
    opened.use(startEmbeddedMetricsPart(options, metrics))
    opened.use(
      startSchedule(options, () => {
        entitlementPart.renewGrace()
        void submitter.tick()
      }),
    )
    if (databaseUrlOf(settings) !== undefined)
      opened.use(startTakeover(options, { ledger, submitter }))
    // First of all to end, so that no request waits for the entitlement while the listener closes.
    opened.use(entitlementPart)
    opened.defer(() => entitlementPart.renewGrace())
    return { app, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  })
}
