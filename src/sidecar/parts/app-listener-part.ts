import type { MeteringApi } from '../../aws/metering-api.ts'
import { RegistrationTokens } from '../../entitlement/register-usage/registration-tokens.ts'
import { keysNewestFirst } from '../../entitlement/register-usage/pinned-keys.ts'
import { createAppServer } from '../../http/app-server.ts'
import type { Drain } from '../../http/listener/drain.ts'
import { problemOfError } from '../../http/listener/problem-of-error.ts'
import type { Listen } from '../../http/listener/server.ts'
import { toIso } from '../../kernel/clock.ts'
import { openAll } from '../../kernel/open-all.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Platform } from '../../platform/platform.ts'
import { routeOf } from '../../product/routes.ts'
import { createRefusalReport } from '../../sources/refused-usage.ts'
import { sources as allSources } from '../../sources/registry.ts'
import type { SourceContext } from '../../sources/source.ts'
import { SourceStates } from '../../sources/source-states.ts'
import { referenceOf } from '../../store/reference.ts'
import { createAwsCalls } from '../create-aws-calls.ts'
import { createCustomerDesk } from '../create-customer-desk.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { storeKindOf } from './open-store.ts'
import type { DecisionsPart } from './decisions-part.ts'
import type { EntitlementPart } from './entitlement-part.ts'
import { appAddress } from './listener-addresses.ts'
import { createOperatorDesk } from './operator-part.ts'
import type { ListenerPart } from './ops-listener-part.ts'
import type { SubmissionPart } from './submission-part.ts'

export interface AppListenerPart extends ListenerPart {
  /** Tells the sources that the end of the task or pod begins. */
  endBegins(): void
  /** Lets the sources take what the application still shows. */
  drainSources(signal: AbortSignal): Promise<void>
}

export interface AppListenerDeps {
  readonly platform: Platform
  readonly ledger: Ledger
  readonly api: MeteringApi
  readonly entitlementPart: EntitlementPart
  readonly submission: SubmissionPart
  readonly decisions: DecisionsPart
  readonly drain: Drain
  readonly listen: Listen
}

/** Starts the sources and opens the listener for the application; disposal closes it before the sources. */
export function startAppListener(
  options: SidecarOptions,
  deps: AppListenerDeps,
): Promise<AppListenerPart> {
  const { settings, events, timers, sources = allSources } = options
  const shared: Shared = {
    tokens: new RegistrationTokens(deps.api, timers),
    states: new SourceStates(settings.product.dimensions),
  }
  return openAll(async (opened) => {
    const server = createServer(options, deps, shared)
    const context = contextOf(options, deps, shared, server)
    const started = sources.map((source) => opened.use(source.start(context)))
    const listening = await deps.listen(server.app, appAddress(options, events), timers)
    opened.defer(() => listening.close())
    return {
      port: listening.port,
      endBegins() {
        for (const source of started) source.endBegins?.()
      },
      drainSources: async (ending) => {
        await Promise.all(started.flatMap((source) => source.drain?.(ending) ?? []))
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  })
}

/** What the routes and the sources share. */
interface Shared {
  readonly tokens: RegistrationTokens
  readonly states: SourceStates
}

type Server = ReturnType<typeof createAppServer>

function createServer(
  options: SidecarOptions,
  { platform, ledger, api, submission, drain, entitlementPart, decisions }: AppListenerDeps,
  { tokens, states }: Shared,
): Server {
  const { settings, events, log, clock, timers, version } = options
  const { entitlement, signal } = entitlementPart
  const { productCode, route, dimensions, publicKeys } = settings.product
  return createAppServer({
    limits: settings,
    events,
    log,
    usage: {
      book: ledger,
      dimensions,
      sources: () => states.all(),
      nextSendAt: submission.nextSendAt,
      acceptedUntil: submission.acceptedUntil,
      sidecar: { version, resource: platform.resource, startedAt: toIso(clock.now()) },
      storeKind: storeKindOf(settings),
    },
    accepted: () => ledger.accepted(),
    version,
    apiToken: settings.apiToken,
    operatorToken: settings.operatorToken,
    onUsageRequest: () => drain.noteReport(),
    operators: createOperatorDesk(options, { ledger, decisions }),
    customers: createCustomerDesk({
      book: ledger.customers,
      api,
      productCode,
      timers,
      onChange: () => void submission.submitter.tick(),
    }),
    entitlement,
    productCode,
    route,
    region: platform.region?.region,
    signal,
    proof: {
      tokens: routeOf(route).proofs.includes('register-usage') ? tokens : undefined,
      productCode,
      get publicKeyVersion() {
        return entitlement.publicKeyVersion() ?? keysNewestFirst(publicKeys)[0]?.version ?? 1
      },
    },
  })
}

function contextOf(
  { settings, events, log, clock, timers }: SidecarOptions,
  { platform, api, submission, entitlementPart }: AppListenerDeps,
  { tokens, states }: Shared,
  { app, postJson }: Server,
): SourceContext {
  const { productCode, dimensions, region } = settings.product
  return {
    app,
    postJson,
    book: submission.book,
    customers: submission.customers,
    productCode,
    dimensions,
    // AWS knows the records of customers by the region too.
    region: region ?? platform.region?.region,
    log,
    refused: createRefusalReport(events, dimensions),
    explain: problemOfError,
    referenceOf: (dimension, hour, customer = '') =>
      referenceOf({ resource: platform.resource, customer, dimension, hour }),
    meterUsageCalls: settings.meterUsageCalls,
    repeated: (dimension, hour, requestId) =>
      events.emit('callRepeated', { dimension, hour, requestId }),
    aws: createAwsCalls(api, tokens, timers),
    clock,
    timers,
    scrape: {
      url: settings.scrapeUrl,
      intervalMs: settings.scrapeIntervalMs,
      timeoutMs: settings.scrapeTimeoutMs,
    },
    entitled: () => entitlementPart.entitlement.snapshot().entitled,
    noteRead(read) {
      states.note(read)
      events.emit('sourceRead', read)
    },
    heard: submission.heard,
  }
}
