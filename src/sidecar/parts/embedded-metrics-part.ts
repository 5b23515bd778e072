import { startEmbeddedMetrics } from '../../observe/cloudwatch/embedded-metrics.ts'
import type { Metrics } from '../../observe/prometheus/metrics.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** Starts the metrics for CloudWatch where the settings ask for them. */
export function startEmbeddedMetricsPart(
  options: Pick<SidecarOptions, 'settings' | 'clock' | 'log' | 'out'>,
  metrics: Pick<Metrics, 'read'>,
): Disposable | undefined {
  const { settings, clock, log, out } = options
  if (!settings.embeddedMetrics) return undefined
  const { productCode } = settings.product
  return startEmbeddedMetrics({ clock, log, out, productCode, metrics })
}
