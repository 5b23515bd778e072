import type { AwsClock } from '../../aws/aws-clock.ts'
import { databaseUrlOf } from '../../config/database-url-of.ts'
import { openAll } from '../../kernel/open-all.ts'
import type { Metrics } from '../../observe/prometheus/metrics.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import {
  startAppListener,
  type AppListenerDeps,
  type AppListenerPart,
} from './app-listener-part.ts'
import { startDecisions } from './decisions-part.ts'
import { startEmbeddedMetricsPart } from './embedded-metrics-part.ts'
import { startEndWatch } from './end-watch-part.ts'
import { startSchedule } from './schedule-part.ts'
import { startTakeover } from './takeover-part.ts'

interface IntakePart extends AsyncDisposable {
  readonly app: AppListenerPart
}

interface Deps extends Omit<AppListenerDeps, 'decisions'> {
  readonly metrics: Metrics
}

/** Starts what brings in work: the application's listener with the sources, and what runs by time. */
export function startIntake(
  options: SidecarOptions & { readonly clock: AwsClock },
  { metrics, ...deps }: Deps,
): Promise<IntakePart> {
  const { platform, ledger, entitlementPart } = deps
  const { submitter } = deps.submission
  return openAll(async (opened) => {
    const decisions = opened.use(startDecisions(options, ledger))
    const app = opened.use(await startAppListener(options, { ...deps, decisions }))
    opened.use(startEndWatch(options, platform, () => app.endBegins()))
    // After the last thing that can fail: a start that ends here must not leave a record half sent.
    opened.use(startEmbeddedMetricsPart(options, metrics))
    opened.use(
      startSchedule(options, () => {
        entitlementPart.renewGrace()
        void submitter.tick()
      }),
    )
    if (databaseUrlOf(options.settings) !== undefined)
      opened.use(startTakeover(options, { ledger, submitter }))
    // First of all to end, so that no request waits for the entitlement while the listener closes.
    opened.use(entitlementPart)
    opened.defer(() => entitlementPart.renewGrace())
    return { app, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  })
}
