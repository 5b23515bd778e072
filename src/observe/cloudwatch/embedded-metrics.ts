import { toIso, type Clock, type Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import type { MetricName } from '../prometheus/metric-table.ts'
import type { Metrics } from '../prometheus/metrics.ts'

export interface EmbeddedMetricsOptions {
  readonly clock: Clock
  readonly log: Log
  readonly productCode: string
  readonly metrics: Pick<Metrics, 'read'>
  /** Takes a line for standard output. */
  readonly out: (line: string) => void
  /** Ends it. */
  readonly signal: AbortSignal
}

interface EmbeddedMetric {
  /** A unit of CloudWatch. */
  readonly unit: 'None' | 'Seconds' | 'Count' | 'Bytes'
  readonly source: MetricName
  readonly labels?: Readonly<Record<string, string>>
}

export const embeddedNamespace = 'MarketplaceSidecar'
const intervalMs = 60_000

/** What CloudWatch gets, each the sum of a Prometheus metric. Alarms name these: they are a promise. */
export const embeddedTable = {
  Entitled: { unit: 'None', source: 'entitled' },
  OldestUnsentSeconds: { unit: 'Seconds', source: 'oldest_unsent_seconds' },
  RefusedRecords: { unit: 'Count', source: 'records', labels: { state: 'refused' } },
  UnresolvedRecords: { unit: 'Count', source: 'records', labels: { state: 'unresolved' } },
  Imbalance: { unit: 'Count', source: 'usage_imbalance' },
  ClockSkewSeconds: { unit: 'Seconds', source: 'clock_skew_seconds' },
  LedgerFreeBytes: { unit: 'Bytes', source: 'ledger_free_bytes' },
} as const satisfies Readonly<Record<string, EmbeddedMetric>>

const definitions: readonly (readonly [string, EmbeddedMetric])[] = Object.entries(embeddedTable)

/**
 * Writes a line of CloudWatch's embedded metric format each minute, the first one after a minute. It
 * is a line of JSON like those of the log, and no log level holds it back.
 */
export function startEmbeddedMetrics(options: EmbeddedMetricsOptions): void {
  const { clock, log, out, signal } = options
  let timer: Timer
  const arm = () => {
    timer = clock.at(clock.now() + intervalMs, () => void tell())
  }
  async function tell(): Promise<void> {
    try {
      const line = await lineOf(options)
      // The ledger may have closed meanwhile, and standard output may be at its end.
      if (!signal.aborted) out(line)
    } catch (error) {
      if (!signal.aborted) log('metrics.not-written', messageOf(error))
    }
    if (!signal.aborted) arm()
  }
  arm()
  signal.addEventListener('abort', () => timer.cancel(), { once: true })
}

async function lineOf({ clock, productCode, metrics }: EmbeddedMetricsOptions): Promise<string> {
  const now = clock.now()
  const valueOf = await metrics.read()
  // CloudWatch knows no value for what could not be found out.
  const found = definitions
    .map(([name, { unit, source, labels }]) => ({ name, unit, value: valueOf(source, labels) }))
    .filter(({ value }) => Number.isFinite(value))
  return JSON.stringify({
    level: 'info',
    time: toIso(now),
    event: 'metrics.embedded',
    _aws: {
      Timestamp: Math.floor(now),
      CloudWatchMetrics: [
        {
          Namespace: embeddedNamespace,
          Dimensions: [['ProductCode']],
          Metrics: found.map(({ name: Name, unit: Unit }) => ({ Name, Unit })),
        },
      ],
    },
    ProductCode: productCode,
    ...Object.fromEntries(found.map(({ name, value }) => [name, value])),
  })
}
