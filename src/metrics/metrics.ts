import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Hooks } from '../hooks.ts'
import { awsWindowMs, hourMs, type LedgerGauges } from '../ledger/types.ts'
import {
  metricPrefix,
  metricTable,
  type MetricDefinition,
  type MetricName,
} from './metric-table.ts'

export interface MetricsOptions {
  readonly hooks: Hooks
  readonly info: {
    readonly version: string
    readonly productCode: string
    readonly route: string
    readonly platform: string
    readonly region: string
  }
  readonly dimensions: readonly string[]
  readonly entitlementStates: readonly string[]
  readonly now: () => number
  readonly ledger: { gauges(): LedgerGauges; bytes(): Promise<number> }
  readonly entitlement: () => { readonly state: string; readonly entitled: boolean }
}

export interface Metrics {
  readonly contentType: string
  /** The text that Prometheus reads. */
  render(): Promise<string>
}

/** Dimensions that the product does not have share this label, so that nobody can make up new ones. */
const unknownDimension = 'unknown'

/** Counts what the hooks tell, and reads the rest when Prometheus asks. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { hooks, info, dimensions, ledger, entitlement, now } = options
  const registry = new Registry()
  const gauge = (name: MetricName) => new Gauge({ ...configuration(name), registers: [registry] })
  const counter = (name: MetricName) =>
    new Counter({ ...configuration(name), registers: [registry] })
  const histogram = (name: MetricName) =>
    new Histogram({ ...configuration(name), registers: [registry] })

  gauge('info').set(
    {
      version: info.version,
      product_code: info.productCode,
      route: info.route,
      platform: info.platform,
      region: info.region,
    },
    1,
  )
  const entitled = gauge('entitled')
  const state = gauge('entitlement_state')
  const transitions = counter('entitlement_transitions_total')
  const reports = counter('usage_reports_total')
  const reported = counter('usage_reported_total')
  const accepted = counter('usage_accepted_total')
  const pending = gauge('usage_pending')
  const late = counter('usage_late_total')
  const overflow = counter('usage_tag_overflow_total')
  const imbalance = gauge('usage_imbalance')
  const records = gauge('records')
  const attempts = counter('record_attempts_total')
  const oldest = gauge('oldest_unsent_seconds')
  const deadline = gauge('unsent_deadline_seconds')
  const awsCalls = histogram('aws_request_duration_seconds')
  const commits = histogram('ledger_commit_duration_seconds')
  const bytes = gauge('ledger_bytes')
  const setAside = counter('ledger_set_aside_total')
  const skew = gauge('clock_skew_seconds')
  const rotation = gauge('public_key_rotation_timestamp_seconds')
  const requests = histogram('http_request_duration_seconds')

  const known = new Set(dimensions)
  const label = (name: string | undefined) =>
    name !== undefined && known.has(name) ? name : unknownDimension
  for (const dimension of dimensions) {
    for (const result of ['accepted', 'duplicate', 'refused'] as const)
      reports.inc({ dimension, result }, 0)
    for (const metric of [reported, accepted, late, overflow]) metric.inc({ dimension }, 0)
    imbalance.set({ dimension }, 0)
  }

  hooks.on('usageReported', (told) => {
    const dimension = label(told.dimension)
    reports.inc({ dimension, result: 'accepted' }, told.accepted)
    reports.inc({ dimension, result: 'duplicate' }, told.duplicates)
    reported.inc({ dimension }, units(told.quantity))
    late.inc({ dimension }, told.late)
  })
  hooks.on('usageRefused', ({ dimension }) =>
    reports.inc({ dimension: label(dimension), result: 'refused' }),
  )
  hooks.on('tagSetsOverflowed', (told) =>
    overflow.inc({ dimension: label(told.dimension) }, told.reports),
  )
  hooks.on('recordAttempted', ({ dimension, quantity, outcome }) => {
    attempts.inc({ outcome })
    if (outcome === 'ok') accepted.inc({ dimension: label(dimension) }, quantity)
  })
  hooks.on('ledgerAudited', ({ keys }) => {
    imbalance.reset()
    for (const dimension of dimensions) imbalance.set({ dimension }, 0)
    // Absolute, so that keys that share a label cannot make up for each other.
    for (const key of keys)
      imbalance.inc({ dimension: label(key.dimension) }, Math.abs(units(key.imbalance)))
  })
  hooks.on('ledgerCommitted', ({ seconds }) => commits.observe(seconds))
  hooks.on('ledgerSetAside', () => setAside.inc())
  hooks.on('awsCalled', ({ operation, outcome, seconds, clockSkewSeconds }) => {
    awsCalls.observe({ operation, outcome }, seconds)
    if (clockSkewSeconds !== undefined) skew.set(clockSkewSeconds)
  })
  for (const from of options.entitlementStates)
    for (const to of options.entitlementStates) if (from !== to) transitions.inc({ from, to }, 0)
  hooks.on('entitlementChanged', ({ from, to }) => transitions.inc({ from, to }))
  hooks.on('publicKeyRotation', ({ at }) => rotation.set(at / 1000))
  hooks.on('httpAnswered', ({ route, method, status, seconds }) =>
    requests.observe({ route, method, status: String(status) }, seconds),
  )

  async function collect(): Promise<void> {
    const gauges = ledger.gauges()
    const snapshot = entitlement()
    entitled.set(snapshot.entitled ? 1 : 0)
    for (const name of options.entitlementStates)
      state.set({ state: name }, name === snapshot.state ? 1 : 0)
    for (const [name, count] of gauges.states) records.set({ state: name }, count)
    pending.reset()
    for (const dimension of dimensions) pending.set({ dimension }, 0)
    for (const [dimension, quantity] of gauges.pending)
      pending.inc({ dimension: label(dimension) }, units(quantity))
    const hour = gauges.oldestUnsentHour
    const end = hour === undefined ? undefined : hour + hourMs
    oldest.set(end === undefined ? 0 : Math.max(0, (now() - end) / 1000))
    deadline.set(end === undefined ? Number.POSITIVE_INFINITY : (end + awsWindowMs - now()) / 1000)
    bytes.set(await ledger.bytes())
  }

  return {
    contentType: registry.contentType,
    async render() {
      await collect()
      return registry.metrics()
    },
  }
}

function configuration(name: MetricName) {
  const { help, labels, buckets }: MetricDefinition = metricTable[name]
  return {
    name: metricPrefix + name,
    help,
    labelNames: [...labels],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  }
}

function units(micro: bigint): number {
  return Number(micro) / 1e6
}
