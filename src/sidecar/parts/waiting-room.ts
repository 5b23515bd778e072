import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import { createAppServer } from '../../http/app-server.ts'
import { createPostRoute } from '../../http/listener/post-json.ts'
import { problemOfError } from '../../http/listener/problem-of-error.ts'
import type { Listen } from '../../http/listener/server.ts'
import { openApiPath } from '../../http/openapi/openapi-route.ts'
import { createOpsServer } from '../../http/ops-server.ts'
import { entitlementPath } from '../../http/routes/entitlement-route.ts'
import { statusPagePath } from '../../http/routes/status-page-route.ts'
import { toIso } from '../../kernel/clock.ts'
import type { SidecarError } from '../../kernel/errors.ts'
import { openAll } from '../../kernel/open-all.ts'
import type { Platform } from '../../platform/platform.ts'
import { createRefusalReport } from '../../sources/refused-usage.ts'
import { sources as allSources } from '../../sources/registry.ts'
import type { SourceContext } from '../../sources/source.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { storeKindOf } from './open-store.ts'
import { appAddress, opsAddress } from './listener-addresses.ts'
import { startEmbeddedMetricsPart } from './embedded-metrics-part.ts'
import type { Counting } from './metrics-part.ts'

/** Where the two listeners of a sidecar get their sockets. */
export interface Sockets {
  readonly app: Listen
  readonly ops: Listen
}

export interface WaitingRoom extends Sockets, AsyncDisposable {
  readonly appPort: number
  readonly opsPort: number
  readonly entitlement: Entitlement
}

/** What needs neither the ledger nor AWS. */
const answered: ReadonlySet<string | undefined> = new Set([
  entitlementPath,
  statusPagePath,
  openApiPath,
])

interface RoomDeps {
  readonly platform: Platform
  readonly counting: Counting
  readonly entitlement: Entitlement
  /** Why there is no ledger yet. */
  readonly refusal: () => SidecarError
  readonly sockets: Sockets
}

/**
 * Opens both listeners of a sidecar that has no ledger yet: the entitlement is answered, it is alive and not
 * ready, and every other route of the application, sources included, answers 503 with the refusal. The
 * sockets pass to the listeners that follow.
 */
export function openWaitingRoom(options: SidecarOptions, deps: RoomDeps): Promise<WaitingRoom> {
  const { settings, timers, events, log, sources = allSources } = options
  const { counting, entitlement, refusal, sockets } = deps
  return openAll(async (opened) => {
    counting.introduce(deps)
    const ending = new AbortController()
    const app = createRefusingServer(options, deps, ending.signal)
    const refused = createRefusalReport(events, settings.product.dimensions)
    app.addHook('preHandler', async ({ method, is404, routeOptions: { url } }) => {
      if (is404 || (method !== 'POST' && answered.has(url))) return
      // The sources report that they refused usage.
      throw refusal()
    })
    const context = refusingContext(options, deps, app, refused)
    const started = opened.use(new AsyncDisposableStack())
    for (const source of sources) started.use(source.start(context))
    started.use(startEmbeddedMetricsPart(options, counting))
    const ops = createOpsServer({
      events,
      log,
      deadBecause: () => undefined,
      notReadyBecause: () => 'starting',
      metrics: counting,
      timers,
      onEnd: () => {},
    })
    const opsSocket = await sockets.ops(ops, opsAddress(options, events), timers)
    opened.defer(() => opsSocket.close())
    const appSocket = await sockets.app(app, appAddress(options, events), timers)
    opened.defer(() => appSocket.close())
    opened.defer(() => ending.abort())
    return {
      appPort: appSocket.port,
      opsPort: opsSocket.port,
      entitlement,
      app: async (next) => {
        // Requests that wait for the entitlement get their answer here: the next one starts afresh.
        ending.abort()
        await started.disposeAsync()
        return appSocket.handOver(next)
      },
      ops: (next) => opsSocket.handOver(next),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  })
}

/** The application's listener. Requests that wait for the entitlement get their answer when `ending` is aborted. */
function createRefusingServer(
  { settings, clock, events, log, version }: SidecarOptions,
  { platform: { region }, entitlement, refusal }: RoomDeps,
  ending: AbortSignal,
): SourceContext['app'] {
  const { productCode, route, dimensions } = settings.product
  const refuse = () => Promise.reject(refusal())
  const { app } = createAppServer({
    limits: settings,
    events,
    log,
    usage: {
      book: { usage: refuse, space: refuse },
      dimensions,
      sources: () => [],
      nextSendAt: () => undefined,
      acceptedUntil: (hour) => hour,
      sidecar: { version, resource: '', startedAt: toIso(clock.now()) },
      storeKind: storeKindOf(settings),
    },
    accepted: () => {
      throw refusal()
    },
    version,
    apiToken: settings.apiToken,
    operatorToken: settings.operatorToken,
    onUsageRequest: () => {},
    customers: undefined,
    operators: undefined,
    entitlement,
    productCode,
    route,
    region: region?.region,
    signal: ending,
    proof: { tokens: { tokenFor: refuse }, productCode, publicKeyVersion: 1 },
  })
  return app
}

/** What the sources get, so that their routes exist: no book, nothing to ask for, and no way to AWS. */
function refusingContext(
  { settings, clock, timers, log }: SidecarOptions,
  { platform: { region }, refusal }: RoomDeps,
  app: SourceContext['app'],
  refused: SourceContext['refused'],
): SourceContext {
  const { productCode, dimensions } = settings.product
  const refuse = () => Promise.reject(refusal())
  return {
    app,
    // No shortcut: it would pass the hook.
    postJson: createPostRoute(app),
    book: { report: refuse, countPage: refuse, countStreams: refuse },
    productCode,
    // Nothing is asked for before there is a book.
    dimensions: dimensions.map(({ from: _from, ...dimension }) => dimension),
    region: region?.region,
    log,
    refused,
    explain: problemOfError,
    referenceOf: () => '',
    meterUsageCalls: settings.meterUsageCalls,
    repeated: () => {},
    aws: { forward: refuse, prove: refuse },
    clock,
    timers,
    scrape: { url: undefined, intervalMs: 0, timeoutMs: 0 },
    entitled: () => false,
    noteRead: () => {},
    heard: () => {},
  }
}
