import { adviseOnCredentials } from '../aws/advise-on-credentials.ts'
import { createClosedDoor } from '../aws/refuse-calls.ts'
import { createMarketplaceMetering } from '../aws/marketplace-metering.ts'
import type { MeteringApi } from '../aws/metering-api.ts'
import { serviceOutcome } from '../aws/service-outcome.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Environment, Settings } from '../config/settings.ts'
import { Drain } from '../http/listener/drain.ts'
import type { Entitlement } from '../entitlement/entitlement-state.ts'
import { Grace } from '../entitlement/grace.ts'
import { startEntitlement, type RegionDenial } from '../entitlement/prove-entitlement.ts'
import { keysNewestFirst } from '../entitlement/register-usage/pinned-keys.ts'
import { RegistrationTokens } from '../entitlement/register-usage/registration-tokens.ts'
import { entitlementStates } from '../entitlement/transitions.ts'
import type { SidecarError } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import { createAppServer } from '../http/app-server.ts'
import type { AwsCalls } from '../sources/aws-calls.ts'
import { sources } from '../sources/registry.ts'
import { createOpsServer } from '../http/ops-server.ts'
import { listen } from '../http/listener/server.ts'
import { Ledger } from '../ledger/ledger.ts'
import { referenceOf } from '../store/reference.ts'
import type { Log } from '../kernel/log.ts'
import { startEmbeddedMetrics } from '../observe/cloudwatch/embedded-metrics.ts'
import { logEvents } from '../observe/log/event-log.ts'
import { createMetrics } from '../observe/prometheus/metrics.ts'
import { fail, succeed } from '../protocol/errors.ts'
import { detectPlatform } from '../platform/detect-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { regionDenial } from '../platform/region-denial.ts'
import { shutDown } from './shut-down.ts'
import { createSubmission } from '../channels/create-submission.ts'
import { scheduleByClock, scheduleByCron, type Schedule } from '../channels/schedule.ts'

export interface SidecarOptions {
  readonly settings: Settings
  /** For the platform: ECS and EKS say through it where they are. */
  readonly env: Environment
  readonly hostname: string
  readonly version: string
  /** The wall clock that hours are counted on. */
  readonly clock: Clock
  /** Real time, for those who wait and for the end. */
  readonly timers: Clock
  /** What starts the work of a new hour; `clock` where the clock runs fast. */
  readonly ticks: 'cron' | 'clock'
  readonly events: Events
  readonly log: Log
  /** Takes a line for standard output, whatever the log level is. */
  readonly out: (line: string) => void
  readonly random: () => number
  readonly randomBytes: (length: number) => Uint8Array
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface Sidecar {
  readonly appPort: number
  readonly opsPort: number
  readonly platform: Platform
  readonly entitlement: Entitlement
  readonly ledger: Ledger
  /** Resolves when the ledger has failed, and the process has to end at once. */
  readonly failed: Promise<SidecarError>
  /** Drains, flushes and stops within `shutdownTimeoutMs`. */
  stop(): Promise<void>
}

/** Builds every part from the settings and starts them in order. What a start throws names its cause. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { settings, clock, timers, events, log } = options
  const { product } = settings
  const stopping = new AbortController()
  logEvents(events, log, clock)
  const platform = await findPlatform(options)
  const denial = regionDenial(platform)

  // Before the ledger, whose opening tells of damage and imbalance.
  const metrics = createMetrics({
    events,
    info: {
      version: options.version,
      productCode: product.productCode,
      route: product.route,
      platform: platform.name,
      region: platform.region?.region ?? '',
    },
    dimensions: product.dimensions.map(({ name }) => name),
    entitlementStates,
    now: () => clock.now(),
    ledger: { gauges: () => ledger.gauges(), space: () => ledger.space() },
    entitlement: () => entitlement.snapshot(),
  })

  const ledgerFailure = Promise.withResolvers<SidecarError>()
  let failedBecause: string | undefined
  const ledger = await Ledger.open({
    directory: settings.dataDir,
    resource: platform.resource,
    clock,
    events,
    log,
    maxTagSets: settings.maxTagSets,
    onFatal: (error) => {
      failedBecause = error.message
      ledgerFailure.resolve(error)
    },
  })

  const api = openDoor(options, platform, denial)
  const grace = new Grace({
    notebook: ledger,
    clock,
    log,
    subject: {
      resource: platform.resource,
      productCode: product.productCode,
      route: product.route,
    },
    failMode: settings.failMode,
    graceMs: settings.graceMs,
  })
  const entitlement = startEntitlement({
    ...options,
    api,
    product,
    regionDenial: denial,
    grace,
    signal: stopping.signal,
  })
  const { sender, submitter, nextSendAt } = createSubmission({
    ...options,
    ...settings,
    ledger,
    api,
    onAnswer: (failure) => {
      if (failure === undefined) entitlement.confirm()
      else if (failure.kind === 'not-entitled')
        entitlement.deny(failure.code, `${failure.message} ${failure.advice}`)
    },
  })
  const drain = new Drain(timers)
  const tokens = new RegistrationTokens(api, timers)
  const app = createAppServer({
    limits: settings,
    events,
    log,
    usage: { book: ledger, dimensions: product.dimensions, nextSendAt },
    sources,
    version: options.version,
    apiToken: settings.apiToken,
    onUsageRequest: () => drain.noteReport(),
    entitlement,
    productCode: product.productCode,
    route: product.route,
    region: platform.region?.region,
    signal: stopping.signal,
    proof: {
      tokens: product.route === 'metered' ? undefined : tokens,
      productCode: product.productCode,
      get publicKeyVersion() {
        return (
          entitlement.publicKeyVersion() ?? keysNewestFirst(product.publicKeys)[0]?.version ?? 1
        )
      },
    },
    sourceContext: {
      book: ledger,
      aws: awsCallsOf(api, tokens),
      productCode: product.productCode,
      dimensions: product.dimensions,
      region: platform.region?.region,
      referenceOf: (dimension, hour) =>
        referenceOf({ resource: platform.resource, customer: '', dimension, hour }),
    },
  })
  const ops = createOpsServer({
    events,
    log,
    deadBecause: () => failedBecause,
    notReadyBecause: () => notReady(entitlement, drain),
    metrics,
  })

  const opsListening = await listen(ops, settings.opsListen, timers)
  const appListening = await listen(app, settings.listen, timers)
  // After the last thing that can fail: a start that ends here must not leave a record half sent.
  const renewGrace = () => {
    const snapshot = entitlement.snapshot()
    if (snapshot.state === 'entitled') grace.note(snapshot)
  }
  stopping.signal.addEventListener('abort', renewGrace, { once: true })
  if (settings.embeddedMetrics)
    startEmbeddedMetrics({
      ...options,
      productCode: product.productCode,
      metrics,
      signal: stopping.signal,
    })
  const schedule = startSchedule(options, () => {
    renewGrace()
    void submitter.tick()
  })
  log('sidecar.started', 'The sidecar is running', {
    version: options.version,
    app: `${settings.listen.host}:${appListening.port}`,
    ops: `${settings.opsListen.host}:${opsListening.port}`,
    platform: platform.name,
    resource: platform.resource,
    region: platform.region,
  })

  let stopped: Promise<void> | undefined
  return {
    appPort: appListening.port,
    opsPort: opsListening.port,
    platform,
    entitlement,
    ledger,
    failed: ledgerFailure.promise,
    stop: () =>
      (stopped ??= shutDown({
        settings,
        timers,
        log,
        drain,
        stopping,
        schedule,
        submitter,
        sender,
        ledger,
        api,
        appListening,
        opsListening,
      })),
  }
}

async function findPlatform(options: SidecarOptions): Promise<Platform> {
  const { settings, env, hostname, timers, log } = options
  const { region, awsEndpoint: endpoint } = settings
  const platform = await detectPlatform({ env, hostname, clock: timers, region, endpoint })
  for (const warning of platform.warnings) log('platform.warning', warning)
  const { credentialWarning } = platform
  if (credentialWarning !== undefined) log('platform.credentials', credentialWarning)
  return platform
}

function openDoor(
  { settings, events, clock, credentials }: SidecarOptions,
  platform: Platform,
  denial: RegionDenial | undefined,
): MeteringApi {
  if (denial !== undefined) return createClosedDoor(denial.code, denial.message)
  const metering = createMarketplaceMetering({
    region: platform.region?.region ?? '',
    endpoint: settings.awsEndpoint,
    timeoutMs: settings.awsTimeoutMs,
    credentials,
    events,
    clock,
  })
  return adviseOnCredentials(metering, platform.credentialWarning)
}

/** The ways from a request of the application to AWS. */
function awsCallsOf(api: MeteringApi, tokens: RegistrationTokens): AwsCalls {
  return {
    forward: async (operation, input) => serviceOutcome(await api.forward(operation, { ...input })),
    async prove(request) {
      const answer = await tokens.tokenFor(request)
      if (!answer.ok) {
        const { failure } = answer
        if (!('retryAfterSeconds' in failure)) return serviceOutcome({ ok: false, failure })
        return fail(
          'ThrottlingException',
          `Too many registrations; the next one may be made in ${failure.retryAfterSeconds} s.`,
        )
      }
      const { signature, publicKeyRotationAt: at } = answer.value
      return succeed({ Signature: signature, ...(at && { PublicKeyRotationTimestamp: at / 1000 }) })
    },
  }
}

function startSchedule({ ticks, clock, timers }: SidecarOptions, tick: () => void): Schedule {
  tick()
  return ticks === 'cron' ? scheduleByCron(timers, tick) : scheduleByClock(clock, tick)
}

function notReady(entitlement: Entitlement, drain: Drain): string | undefined {
  if (drain.isRunning) return 'shutting down'
  const { entitled, state, code, message } = entitlement.snapshot()
  return entitled ? undefined : `${state}: ${code}: ${message}`
}
