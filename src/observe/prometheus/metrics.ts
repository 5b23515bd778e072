import { stopwatch } from '../../kernel/clock.ts'
import { hourMs } from '../../metering/hour.ts'
import type { DiskSpace, LedgerGauges } from '../../store/summary.ts'
import { createDimensionLabel, toUnits } from './dimension-series.ts'
import type { MetricReading, MetricRegistry } from './metric-registry.ts'
import { unsentAges } from './metric-table.ts'
import { processMetrics } from './process-metrics.ts'

interface MetricsOptions {
  readonly info: {
    readonly version: string
    readonly productCode: string
    readonly route: string
    readonly platform: string
    readonly region: string
  }
  readonly dimensions: readonly string[]
  readonly entitlementStates: readonly string[]
  /** AWS's time. */
  readonly now: () => number
  /** How long after its end an hour is sealed, ms. */
  readonly sealDelayMs: number
  /** How long after the end of an hour AWS accepts its record, ms, at the most. */
  readonly recordWindowMs: number
  /** Returns when AWS stops accepting a record of an hour, ms. */
  readonly acceptedUntil: (hour: number) => number
  readonly ledger: {
    gauges(): Promise<LedgerGauges>
    space(): Promise<DiskSpace>
  }
  /** Lines of the log that were dropped since the start. */
  readonly droppedLines: () => number
  readonly entitlement: () => { readonly state: string; readonly entitled: boolean }
}

export interface Metrics {
  readonly contentType: string
  /** Returns the text that Prometheus reads. */
  render(): Promise<string>
  /** Returns the values for readers other than Prometheus, without those of the process, which begin anew when read. */
  read(): Promise<MetricReading>
}

const unknownSpace: DiskSpace = { ledgerBytes: NaN, freeBytes: NaN, volumeBytes: NaN }

/** Adds to `registry` the metrics that are read only when Prometheus asks. */
export function createMetrics(registry: MetricRegistry, options: MetricsOptions): Metrics {
  const { info, now } = options
  setInfo(registry, info)
  registry.gauge('start_time_seconds').set(now() / 1000)
  registry.gauge('record_window_seconds').set(options.recordWindowMs / 1000)
  const dropped = registry.counter('log_lines_dropped_total')
  dropped.inc(0)
  let counted = 0
  const readProcess = processMetrics(registry)
  const readEntitlement = entitlementGauges(registry, options)
  const readLedger = ledgerGauges(registry, options)
  const readSpace = spaceGauges(registry, options)

  async function collect(): Promise<void> {
    readEntitlement()
    dropped.inc(options.droppedLines() - counted)
    counted = options.droppedLines()
    await Promise.all([readLedger(), readSpace()])
  }

  return {
    contentType: registry.contentType,
    async render() {
      await Promise.all([readProcess(), collect()])
      return registry.render()
    },
    async read() {
      await collect()
      return registry.read()
    },
  }
}

/** Says which sidecar this is, in place of what was said before. */
export function setInfo(registry: MetricRegistry, info: MetricsOptions['info']): void {
  const { version, productCode: product_code, route, platform, region } = info
  const gauge = registry.gauge('info')
  gauge.reset()
  gauge.set({ version, product_code, route, platform, region }, 1)
}

/** Returns what sets the metrics of the entitlement to what it is now. */
export function entitlementGauges(
  registry: MetricRegistry,
  { entitlement, entitlementStates }: Pick<MetricsOptions, 'entitlement' | 'entitlementStates'>,
): () => void {
  const entitled = registry.gauge('entitled')
  const state = registry.gauge('entitlement_state')
  return () => {
    const snapshot = entitlement()
    entitled.set(snapshot.entitled ? 1 : 0)
    for (const name of entitlementStates)
      state.set({ state: name }, name === snapshot.state ? 1 : 0)
  }
}

function ledgerGauges(registry: MetricRegistry, options: MetricsOptions) {
  const { ledger, dimensions, now, acceptedUntil } = options
  const overdueHour = createOverdueHour(options)
  const label = createDimensionLabel(dimensions)
  const pending = registry.gauge('usage_pending')
  const held = registry.gauge('usage_held')
  const heldDeadline = registry.gauge('held_deadline_seconds')
  const unregisteredDeadline = registry.gauge('unregistered_deadline_seconds')
  const records = registry.gauge('records')
  const ages = registry.gauge('unsent_records')
  const oldest = registry.gauge('oldest_unsent_seconds')
  const deadline = registry.gauge('unsent_deadline_seconds')
  const read = createFrugalReader(() => ledger.gauges())
  const readable = registry.gauge('ledger_readable')
  return async () => {
    // A database that is away must not hide what is known without it.
    const gauges = await read().catch(() => undefined)
    readable.set(gauges === undefined ? 0 : 1)
    if (gauges === undefined) return
    for (const [name, count] of gauges.states) records.set({ state: name }, count)
    for (const [gauge, quantities] of [
      [pending, gauges.pending],
      [held, gauges.held],
    ] as const) {
      gauge.reset()
      for (const dimension of dimensions) gauge.set({ dimension }, 0)
      for (const [dimension, quantity] of quantities)
        gauge.inc({ dimension: label(dimension) }, toUnits(quantity))
    }
    heldDeadline.set(secondsToDeadline(gauges.guardedHours.map(acceptedUntil), now()))
    const { oldestUnregisteredHour: waiting } = gauges
    unregisteredDeadline.set(
      waiting === undefined ? Number.POSITIVE_INFINITY : (acceptedUntil(waiting) - now()) / 1000,
    )
    const hour = earliest(gauges.oldestUnsentHour, overdueHour(gauges.oldestOpenHour))
    const end = hour === undefined ? undefined : hour + hourMs
    oldest.set(end === undefined ? 0 : Math.max(0, (now() - end) / 1000))
    deadline.set(
      hour === undefined ? Number.POSITIVE_INFINITY : (acceptedUntil(hour) - now()) / 1000,
    )
    for (const age of unsentAges) ages.set({ age_hours: age }, 0)
    for (const [start, count] of gauges.unsentHours)
      ages.inc({ age_hours: ageOf(start, now()) }, count)
  }
}

/** Until the next of these instants; one that is over counts no more. */
function secondsToDeadline(ends: readonly number[], now: number): number {
  const left = ends.map((end) => end - now)
  return Math.min(...left.filter((ms) => ms > 0)) / 1000
}

/** Numbers that took longer to read are given again for a while, but not longer than the second. */
const longCpuSeconds = 0.02
const longestAgeSeconds = 60

/**
 * Reads the numbers again only after two hundred times as long as reading them took, so that scraping a
 * ledger with many tag sets does not slow the application down.
 */
function createFrugalReader(read: () => Promise<LedgerGauges>): () => Promise<LedgerGauges> {
  let last: { readonly gauges: LedgerGauges; readonly age: () => number } | undefined
  return async () => {
    const { gauges: { cpuSeconds = 0 } = {}, age = () => Infinity } = last ?? {}
    if (last !== undefined && age() < Math.min(longestAgeSeconds, 200 * cpuSeconds))
      return last.gauges
    const gauges = await read()
    const isLong = (gauges.cpuSeconds ?? 0) >= longCpuSeconds
    last = isLong ? { gauges, age: stopwatch() } : undefined
    return gauges
  }
}

/** Sealing is tried each minute. */
const sealingMs = 2 * 60_000

/**
 * Returns what finds the open hour that should have been sealed: sealing fails. Usage may be reported for
 * an hour that is long over, so such an hour counts only when it stays open for longer than sealing takes.
 */
function createOverdueHour({ now, sealDelayMs }: Pick<MetricsOptions, 'now' | 'sealDelayMs'>) {
  let first: { readonly hour: number; readonly at: number } | undefined
  return (hour: number | undefined) => {
    if (hour === undefined || hour + hourMs + sealDelayMs > now()) {
      first = undefined
      return undefined
    }
    if (first?.hour !== hour) first = { hour, at: now() }
    return now() - first.at >= sealDelayMs + sealingMs ? hour : undefined
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function spaceGauges(registry: MetricRegistry, { ledger }: MetricsOptions) {
  const bytes = registry.gauge('ledger_bytes')
  const free = registry.gauge('ledger_free_bytes')
  const volume = registry.gauge('ledger_volume_bytes')
  return async () => {
    // A volume that fails must not hide the other metrics.
    const space = await ledger.space().catch(() => unknownSpace)
    // The volume of a database is its server's affair.
    if (space.freeBytes === undefined || space.volumeBytes === undefined) return
    bytes.set(space.ledgerBytes)
    free.set(space.freeBytes)
    volume.set(space.volumeBytes)
  }
}

/** Returns how many whole hours have passed since the end of the hour that begins at `start`. */
function ageOf(start: number, now: number): (typeof unsentAges)[number] {
  const hours = Math.max(0, Math.floor((now - start - hourMs) / hourMs))
  return unsentAges[hours] ?? '6+'
}
