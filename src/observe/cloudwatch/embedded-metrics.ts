import { toIso, type Clock, type Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import type { MetricName } from '../prometheus/metric-table.ts'
import type { Metrics } from '../prometheus/metrics.ts'

interface EmbeddedMetricsOptions {
  readonly clock: Clock
  readonly log: Log
  readonly productCode: string
  readonly metrics: Pick<Metrics, 'read'>
  /** Writes a line to standard output. */
  readonly out: (line: string) => void
}

interface EmbeddedMetric {
  /** A unit of CloudWatch. */
  readonly unit: 'None' | 'Seconds' | 'Count' | 'Bytes'
  readonly source: MetricName
  readonly labels?: Readonly<Record<string, string>>
}

const embeddedNamespace = 'MarketplaceSidecar'
const intervalMs = 60_000

/** What CloudWatch receives, each the sum of a Prometheus metric. Never renamed: alarms refer to them. */
export const embeddedTable = {
  Entitled: { unit: 'None', source: 'entitled' },
  OldestUnsentSeconds: { unit: 'Seconds', source: 'oldest_unsent_seconds' },
  RefusedRecords: { unit: 'Count', source: 'records', labels: { state: 'refused' } },
  UnresolvedRecords: { unit: 'Count', source: 'records', labels: { state: 'unresolved' } },
  Imbalance: { unit: 'Count', source: 'usage_imbalance' },
  ClockSkewSeconds: { unit: 'Seconds', source: 'clock_skew_seconds' },
  LedgerFreeBytes: { unit: 'Bytes', source: 'ledger_free_bytes' },
  HeldDeadlineSeconds: { unit: 'Seconds', source: 'held_deadline_seconds' },
  HeldUnits: { unit: 'Count', source: 'usage_held' },
  UnregisteredDeadlineSeconds: { unit: 'Seconds', source: 'unregistered_deadline_seconds' },
  LedgerReadable: { unit: 'None', source: 'ledger_readable' },
} as const satisfies Readonly<Record<string, EmbeddedMetric>>

const definitions: readonly (readonly [string, EmbeddedMetric])[] = Object.entries(embeddedTable)

/**
 * Writes a line of CloudWatch's embedded metric format each minute, the first one after a minute, until
 * it is disposed of. It is a line of JSON like those of the log, and no log level holds it back.
 */
export function startEmbeddedMetrics(options: EmbeddedMetricsOptions): Disposable {
  const { clock, log, out } = options
  let timer: Timer
  let hasEnded = false
  const arm = () => {
    timer = clock.after(intervalMs, () => void write())
  }
  async function write(): Promise<void> {
    try {
      const line = await lineOf(options)
      // By now the ledger may have closed, and so may the reader of standard output.
      if (!hasEnded) out(line)
    } catch (error) {
      if (!hasEnded) log('metrics.not-written', messageOf(error))
    }
    if (!hasEnded) arm()
  }
  arm()
  return {
    [Symbol.dispose]() {
      hasEnded = true
      timer.cancel()
    },
  }
}

async function lineOf({ clock, productCode, metrics }: EmbeddedMetricsOptions): Promise<string> {
  const now = clock.now()
  const valueOf = await metrics.read()
  // CloudWatch has no value for unknown, nor for a deadline that there is none of.
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
