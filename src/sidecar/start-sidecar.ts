import { addressOf } from '../config/local-url.ts'
import { Drain } from '../http/listener/drain.ts'
import { listen } from '../http/listener/server.ts'
import { openAll } from '../kernel/open-all.ts'
import { succeed } from '../kernel/result.ts'
import { withDeadline } from '../kernel/with-deadline.ts'
import { logEvents } from '../observe/log/event-log.ts'
import type { Platform } from '../platform/platform.ts'
import { startAws } from './parts/aws-part.ts'
import { startEntitlementPart } from './parts/entitlement-part.ts'
import { startIntake } from './parts/intake-part.ts'
import { startLedger, type LedgerPart } from './parts/ledger-part.ts'
import { startCounting, type Counting } from './parts/metrics-part.ts'
import { startOpsListener } from './parts/ops-listener-part.ts'
import { findPlatform } from './parts/platform-part.ts'
import { startSubmission } from './parts/submission-part.ts'
import type { Sockets } from './parts/waiting-room.ts'
import { shutDown } from './shut-down.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import type { Sidecar } from './sidecar.ts'
import { standingOf, type Standing } from './standing.ts'
import { isAway, waitForLedger, type Opened } from './wait-for-ledger.ts'
import { waitForPlatform } from './wait-for-platform.ts'

/**
 * Starts the sidecar. When a part cannot start, those before it are closed again, and the error names the
 * cause. While ECS or Kubernetes has not said which task or pod this is, only the listeners are up.
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  logEvents(options.events, options.log, options.clock)
  const counting = startCounting(options)
  const platform = await findPlatform(options)
  const start = (found: Platform, sockets: Sockets) =>
    startLedgerFirst(standingOf(options, found), counting, sockets)
  return platform.isGuess
    ? waitForPlatform(options, platform, counting, start)
    : start(platform, { app: listen, ops: listen })
}

/** Opens the ledger and starts the rest, or waits for the ledger with what can be answered without it. */
async function startLedgerFirst(
  standing: Standing,
  counting: Counting,
  sockets: Sockets,
): Promise<Sidecar> {
  const start = (found: Opened, opened: Sockets) =>
    startParts(standing, found, { counting, sockets: opened })
  const opening = startLedger(standing.byAwsTime, standing.platform)
  const ledgerPart = await whenOpen(standing.options, opening)
  return ledgerPart === undefined
    ? waitForLedger(standing, { counting, sockets, opening, start })
    : start({ ledgerPart }, sockets)
}

/** Far longer than most ledgers need, and far shorter than orchestrators wait for a start. */
const patienceMs = 5000

/** Undefined when the ledger may still open by itself. */
async function whenOpen(
  { timers, log }: SidecarOptions,
  opening: Promise<LedgerPart>,
): Promise<LedgerPart | undefined> {
  const opened = await withDeadline(timers, patienceMs, () => opening).catch((error: unknown) => {
    if (isAway(error)) return succeed(undefined)
    throw error
  })
  if (opened.ok) return opened.value
  log(
    'ledger.opening',
    'The ledger is large or was not closed, so opening and checking it takes long. The entitlement is answered meanwhile, and usage is refused until the ledger is open.',
  )
  return undefined
}

interface Deps {
  readonly counting: Counting
  readonly sockets: Sockets
}

/** Builds every part from the settings and starts them in order. */
function startParts(
  { options, byAwsTime, platform, denial }: Standing,
  { ledgerPart, early }: Opened,
  { counting, sockets }: Deps,
): Promise<Sidecar> {
  return openAll(async (opened) => {
    const { clock } = byAwsTime
    opened.use(ledgerPart)
    const { ledger } = ledgerPart
    const { api } = opened.use(early?.aws ?? startAws(options, platform, denial, clock))
    const entitlementPart = opened.use(
      early?.entitlementPart ??
        (await startEntitlementPart(byAwsTime, { platform, denial, ledger, api })),
    )
    const { entitlement } = entitlementPart
    const metrics = counting.complete({ clock, platform, ledger, entitlement })
    const drain = new Drain(options.timers)
    // The application's listener opens after that of the kubelet.
    let endBegins = () => {}
    const ops = opened.use(
      await startOpsListener(options, {
        ledgerPart,
        entitlement,
        drain,
        metrics,
        listen: sockets.ops,
        onEnd: () => endBegins(),
      }),
    )
    const submission = opened.use(startSubmission(byAwsTime, { ledger, api, entitlement }))

    // The shutdown closes it first, and sends the rest before it closes `opened`.
    const intake = opened.use(
      await startIntake(byAwsTime, {
        platform,
        ledger,
        api,
        entitlementPart,
        submission,
        metrics,
        drain,
        listen: sockets.app,
      }),
    )
    const { app } = intake
    endBegins = () => app.endBegins()
    logStarted(options, platform, app.port, ops.port)

    let stopped: Promise<void> | undefined
    return {
      appPort: app.port,
      opsPort: ops.port,
      platform,
      entitlement,
      ledger,
      failed: ledgerPart.failed,
      stop: () =>
        (stopped ??= shutDown(options, {
          platform,
          drain,
          drainSources: (signal) => app.drainSources(signal),
          submitter: submission.submitter,
          ledgerPart,
          intake,
          opened,
        })),
    }
  })
}

function logStarted(
  { settings, version, log }: SidecarOptions,
  { name: platform, resource, region }: Platform,
  appPort: number,
  opsPort: number,
): void {
  const app = addressOf({ ...settings.listen, port: appPort })
  const ops = addressOf({ ...settings.opsListen, port: opsPort })
  const fields = { version, app, ops, platform, resource, region }
  log('sidecar.started', 'The sidecar is running', fields)
}
