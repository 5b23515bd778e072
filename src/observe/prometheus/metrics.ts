import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Events } from '../../kernel/events.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourMs, type DiskSpace, type LedgerGauges } from '../../metering/types.ts'
import {
  metricPrefix,
  metricTable,
  unsentAges,
  type MetricDefinition,
  type MetricName,
} from './metric-table.ts'

export interface MetricsOptions {
  readonly events: Events
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
  readonly ledger: { gauges(): LedgerGauges; space(): Promise<DiskSpace> }
  readonly entitlement: () => { readonly state: string; readonly entitled: boolean }
}

/** The sum of the series of a metric that have these labels. */
export type MetricReading = (name: MetricName, labels?: Readonly<Record<string, string>>) => number

export interface Metrics {
  readonly contentType: string
  /** The text that Prometheus reads. */
  render(): Promise<string>
  /** The same values for others than Prometheus. */
  read(): Promise<MetricReading>
}

/** Dimensions that the product does not have share this label, so that nobody can make up new ones. */
const unknownDimension = 'unknown'

const unknownSpace: DiskSpace = { ledgerBytes: NaN, freeBytes: NaN, volumeBytes: NaN }

/** Counts what the events tell, and reads the rest when Prometheus asks. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { events, info, dimensions, ledger, entitlement, now } = options
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
  const ages = gauge('unsent_records')
  const oldest = gauge('oldest_unsent_seconds')
  const deadline = gauge('unsent_deadline_seconds')
  const awsCalls = histogram('aws_request_duration_seconds')
  const commits = histogram('ledger_commit_duration_seconds')
  const bytes = gauge('ledger_bytes')
  const free = gauge('ledger_free_bytes')
  const volume = gauge('ledger_volume_bytes')
  const setAside = counter('ledger_set_aside_total')
  const skew = gauge('clock_skew_seconds')
  const rotation = gauge('public_key_rotation_timestamp_seconds')
  const requests = histogram('http_request_duration_seconds')
  const memory = gauge('resident_memory_bytes')
  gauge('start_time_seconds').set(now() / 1000)

  const known = new Set(dimensions)
  const label = (name: string | undefined) =>
    name !== undefined && known.has(name) ? name : unknownDimension
  for (const dimension of dimensions) {
    for (const result of ['accepted', 'duplicate', 'refused'] as const)
      reports.inc({ dimension, result }, 0)
    for (const metric of [reported, accepted, late, overflow]) metric.inc({ dimension }, 0)
    imbalance.set({ dimension }, 0)
  }
  // From 0, for an increase of a series can be seen only when the series was there before.
  reports.inc({ dimension: unknownDimension, result: 'refused' }, 0)

  events.on('usageReported', (told) => {
    const dimension = label(told.dimension)
    reports.inc({ dimension, result: 'accepted' }, told.accepted)
    reports.inc({ dimension, result: 'duplicate' }, told.duplicates)
    reported.inc({ dimension }, units(told.quantity))
    late.inc({ dimension }, told.late)
  })
  events.on('usageRefused', ({ dimension }) =>
    reports.inc({ dimension: label(dimension), result: 'refused' }),
  )
  events.on('tagSetsOverflowed', (told) =>
    overflow.inc({ dimension: label(told.dimension) }, told.reports),
  )
  events.on('recordAttempted', ({ dimension, quantity, outcome }) => {
    attempts.inc({ outcome })
    if (outcome === 'ok') accepted.inc({ dimension: label(dimension) }, quantity)
  })
  events.on('ledgerAudited', ({ keys }) => {
    imbalance.reset()
    for (const dimension of dimensions) imbalance.set({ dimension }, 0)
    // Absolute, so that keys that share a label cannot make up for each other.
    for (const key of keys)
      imbalance.inc({ dimension: label(key.dimension) }, Math.abs(units(key.imbalance)))
  })
  events.on('ledgerCommitted', ({ seconds }) => commits.observe(seconds))
  events.on('ledgerSetAside', () => setAside.inc())
  events.on('awsCalled', ({ operation, outcome, seconds, clockSkewSeconds }) => {
    awsCalls.observe({ operation, outcome }, seconds)
    if (clockSkewSeconds !== undefined) skew.set(clockSkewSeconds)
  })
  for (const from of options.entitlementStates)
    for (const to of options.entitlementStates) if (from !== to) transitions.inc({ from, to }, 0)
  events.on('entitlementChanged', ({ from, to }) => transitions.inc({ from, to }))
  events.on('publicKeyRotation', ({ at }) => rotation.set(at / 1000))
  events.on('httpAnswered', ({ route, method, status, seconds }) =>
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
    deadline.set(
      end === undefined
        ? Number.POSITIVE_INFINITY
        : (end + awsLimits.meterUsageWindowMs - now()) / 1000,
    )
    for (const age of unsentAges) ages.set({ age_hours: age }, 0)
    for (const [start, count] of gauges.unsentHours)
      ages.inc({ age_hours: ageOf(start, now()) }, count)
    memory.set(process.memoryUsage.rss())
    // A volume that is in trouble must not take the other metrics with it.
    const space = await ledger.space().catch(() => unknownSpace)
    bytes.set(space.ledgerBytes)
    free.set(space.freeBytes)
    volume.set(space.volumeBytes)
  }

  return {
    contentType: registry.contentType,
    async render() {
      await collect()
      return registry.metrics()
    },
    async read() {
      await collect()
      const metrics: readonly Collected[] = await registry.getMetricsAsJSON()
      return (name, labels = {}) => {
        const { values } = metrics.find((metric) => metric.name === metricPrefix + name) ?? {}
        const wanted = Object.entries(labels)
        const has = (series: Collected['values'][number]) =>
          wanted.every(([key, value]) => series.labels[key] === value)
        return (values ?? []).filter(has).reduce((sum, { value }) => sum + value, 0)
      }
    },
  }
}

/** What prom-client gives of a metric, as far as it matters here. */
interface Collected {
  readonly name: string
  readonly values: readonly {
    readonly value: number
    readonly labels: Readonly<Partial<Record<string, string | number>>>
  }[]
}

/** How many whole hours ago the hour that begins at `start` was over. */
function ageOf(start: number, now: number): (typeof unsentAges)[number] {
  const hours = Math.max(0, Math.floor((now - start - hourMs) / hourMs))
  return unsentAges[hours] ?? '6+'
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
