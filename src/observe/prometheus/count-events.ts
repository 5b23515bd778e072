import { callOutcomes, dropReasons, type Events } from '../../kernel/events.ts'
import { operatorActions } from '../../metering/record/operator-table.ts'
import { createDimensionLabel, toUnits, unknownDimension } from './dimension-series.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { UsageSums } from './usage-sums.ts'

interface CountedEvents {
  readonly events: Events
  readonly dimensions: readonly string[]
  /** The sources that dimensions come from. */
  readonly sources: readonly string[]
  /** When the sidecar was started, ms. */
  readonly startedAt: number
  readonly entitlementStates: readonly string[]
}

/** Counts events. Call it before the first part starts, because opening the ledger emits some. */
export function countEvents(registry: MetricRegistry, counted: CountedEvents): void {
  countUsage(registry, counted)
  countSources(registry, counted)
  countRecords(registry, counted)
  countLedger(registry, counted)
  countEntitlement(registry, counted)
  const requests = registry.requestTimes('http_request_duration_seconds')
  const dropped = registry.counter('connections_dropped_total')
  for (const reason of dropReasons) dropped.inc({ reason }, 0)
  counted.events.on('connectionDropped', ({ reason }) => dropped.inc({ reason }))
  counted.events.on('httpAnswered', ({ route, method, status, seconds }) =>
    requests.observe(route, method, status, seconds),
  )
}

function countSources(
  registry: MetricRegistry,
  { events, dimensions, sources, startedAt }: CountedEvents,
): void {
  const label = createDimensionLabel(dimensions)
  const lastSeen = registry.gauge('source_last_seen_timestamp_seconds')
  // From the start: a source that is never heard is silent too.
  for (const source of sources) lastSeen.set({ source }, startedAt / 1000)
  const series = registry.counter('source_readings_total')
  for (const dimension of dimensions)
    for (const outcome of ['fell', 'skipped', 'overlaps']) series.inc({ dimension, outcome }, 0)
  events.on('sourceRead', ({ source, outcome, at }) => {
    if (outcome === 'ok') lastSeen.set({ source }, at / 1000)
  })
  events.on('countersRead', ({ counted }) => {
    for (const { dimension, outcome } of counted)
      series.inc({ dimension: label(dimension), outcome })
  })
}

function countUsage(registry: MetricRegistry, { events, dimensions }: CountedEvents): void {
  const label = createDimensionLabel(dimensions)
  const sums = new UsageSums()
  const collect = () =>
    sums.take(({ dimension, accepted, duplicates, ...sum }) => {
      reports.inc({ dimension, result: 'accepted' }, accepted)
      reports.inc({ dimension, result: 'duplicate' }, duplicates)
      reported.inc({ dimension }, toUnits(sum.quantity))
      late.inc({ dimension }, sum.late)
    })
  const reports = registry.counter('usage_reports_total', collect)
  const reported = registry.counter('usage_reported_total', collect)
  const late = registry.counter('usage_late_reports_total', collect)
  const repeated = registry.counter('usage_repeated_calls_total')
  const notCounted = registry.counter('usage_not_counted_reports_total')
  const overflow = registry.counter('usage_tag_overflow_reports_total')
  // From 0: Prometheus sees an increase only in a series that already exists.
  for (const dimension of dimensions) {
    for (const result of ['accepted', 'duplicate', 'refused'] as const)
      reports.inc({ dimension, result }, 0)
    for (const metric of [reported, late, repeated, notCounted, overflow])
      metric.inc({ dimension }, 0)
  }
  reports.inc({ dimension: unknownDimension, result: 'refused' }, 0)

  events.on('usageReported', (usage) => {
    const dimension = label(usage.dimension)
    sums.add(dimension, usage)
    if (usage.notCounted > 0) notCounted.inc({ dimension }, usage.notCounted)
  })
  events.on('readingsCounted', ({ dimension, quantity }) =>
    reported.inc({ dimension: label(dimension) }, toUnits(quantity)),
  )
  events.on('usageRefused', ({ dimension }) =>
    reports.inc({ dimension: label(dimension), result: 'refused' }),
  )
  events.on('callRepeated', ({ dimension }) => repeated.inc({ dimension: label(dimension) }))
  events.on('tagSetsOverflowed', (folded) =>
    overflow.inc({ dimension: label(folded.dimension) }, folded.reports),
  )
}

function countRecords(registry: MetricRegistry, { events, dimensions }: CountedEvents): void {
  const label = createDimensionLabel(dimensions)
  const accepted = registry.counter('usage_accepted_total')
  const attempts = registry.counter('record_attempts_total')
  const awsCalls = registry.histogram('aws_request_duration_seconds')
  const skew = registry.gauge('clock_skew_seconds')
  for (const dimension of dimensions) accepted.inc({ dimension }, 0)
  for (const outcome of callOutcomes) attempts.inc({ outcome }, 0)

  events.on('recordAttempted', ({ dimension, quantity, outcome }) => {
    attempts.inc({ outcome })
    if (outcome === 'ok') accepted.inc({ dimension: label(dimension) }, toUnits(quantity))
  })
  events.on('awsCalled', ({ operation, outcome, seconds, clockSkewSeconds }) => {
    awsCalls.observe({ operation, outcome }, seconds)
    if (clockSkewSeconds !== undefined) skew.set(clockSkewSeconds)
  })
}

function countLedger(registry: MetricRegistry, { events, dimensions }: CountedEvents): void {
  const decisions = registry.counter('operator_decisions_total')
  for (const action of operatorActions) decisions.inc({ action }, 0)
  events.on('decisionMade', ({ action }) => decisions.inc({ action }))
  const label = createDimensionLabel(dimensions)
  const imbalance = registry.gauge('usage_imbalance')
  const commits = registry.histogram('ledger_commit_duration_seconds')
  const setAside = registry.counter('ledger_set_aside_files_total')
  const startFromZero = () => {
    for (const dimension of dimensions) imbalance.set({ dimension }, 0)
  }
  startFromZero()

  events.on('ledgerAudited', ({ keys }) => {
    imbalance.reset()
    startFromZero()
    // Absolute, so that keys that share a label cannot cancel each other out.
    for (const key of keys)
      imbalance.inc({ dimension: label(key.dimension) }, Math.abs(toUnits(key.imbalance)))
  })
  events.on('ledgerCommitted', ({ seconds }) => commits.observe(seconds))
  events.on('ledgerSetAside', () => setAside.inc())
}

function countEntitlement(
  registry: MetricRegistry,
  { events, entitlementStates: states }: CountedEvents,
): void {
  const transitions = registry.counter('entitlement_transitions_total')
  const rotation = registry.gauge('public_key_rotation_timestamp_seconds')
  for (const from of states)
    for (const to of states) if (from !== to) transitions.inc({ from, to }, 0)
  events.on('entitlementChanged', ({ from, to }) => transitions.inc({ from, to }))
  events.on('publicKeyRotation', ({ at }) => rotation.set(at / 1000))
}
