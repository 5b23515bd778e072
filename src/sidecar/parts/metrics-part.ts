import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import { entitlementStates } from '../../entitlement/transitions.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { countEvents } from '../../observe/prometheus/count-events.ts'
import { MetricRegistry } from '../../observe/prometheus/metric-registry.ts'
import { createMetrics, type Metrics } from '../../observe/prometheus/metrics.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/**
 * Counts events from now on. The function that it returns completes the metrics once the parts exist
 * whose state is read when Prometheus asks.
 */
export function startCounting(
  options: Pick<SidecarOptions, 'settings' | 'version' | 'clock' | 'events'>,
  platform: Platform,
): (ledger: Ledger, entitlement: Entitlement) => Metrics {
  const { settings, version, clock, events } = options
  const { product } = settings
  const registry = new MetricRegistry()
  const sets = { dimensions: product.dimensions.map(({ name }) => name), entitlementStates }
  countEvents(registry, { events, ...sets })
  return (ledger, entitlement) =>
    createMetrics(registry, {
      ...sets,
      info: {
        version,
        productCode: product.productCode,
        route: product.route,
        platform: platform.name,
        region: platform.region?.region ?? '',
      },
      now: () => clock.now(),
      sealDelayMs: settings.sealDelayMs,
      ledger,
      entitlement: () => entitlement.snapshot(),
    })
}
