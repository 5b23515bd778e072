import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import { entitlementStates } from '../../entitlement/transitions.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { countEvents } from '../../observe/prometheus/count-events.ts'
import { MetricRegistry } from '../../observe/prometheus/metric-registry.ts'
import { acceptedUntil, windowOf } from '../../metering/record/record-window.ts'
import { hasCustomers } from '../../product/routes.ts'
import {
  createMetrics,
  entitlementGauges,
  setInfo,
  type Metrics,
} from '../../observe/prometheus/metrics.ts'
import type { Platform } from '../../platform/platform.ts'
import { namedSources } from '../../sources/source-states.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** The metrics that count events; those that read the state of a part are missing. */
export interface Counting extends Metrics {
  /** Adds what is known without a ledger. */
  introduce(parts: Pick<CountedParts, 'platform' | 'entitlement'>): void
  /** Completes the metrics, once the parts exist whose state is read when Prometheus asks. */
  complete(parts: CountedParts): Metrics
}

interface CountedParts {
  /** AWS's time. */
  readonly clock: Clock
  readonly platform: Platform
  readonly ledger: Ledger
  readonly entitlement: Entitlement
}

/** Counts events from now on. */
export function startCounting(
  options: Pick<SidecarOptions, 'settings' | 'version' | 'events' | 'droppedLines' | 'clock'>,
): Counting {
  const { settings, version, events, droppedLines, clock: wallClock } = options
  const { product } = settings
  const window = windowOf(hasCustomers(product.route))
  const registry = new MetricRegistry()
  const sets = { dimensions: product.dimensions.map(({ name }) => name), entitlementStates }
  const sources = [...namedSources(product.dimensions).keys()]
  countEvents(registry, { events, sources, startedAt: wallClock.now(), ...sets })
  // Until there is one to read: a sidecar that waits for its ledger raises the same alert.
  registry.gauge('ledger_readable').set(0)
  const infoOf = (platform: Platform) => ({
    version,
    productCode: product.productCode,
    route: product.route,
    platform: platform.name,
    region: platform.region?.region ?? '',
  })
  let readEntitlement = () => {}
  return {
    contentType: registry.contentType,
    render() {
      readEntitlement()
      return registry.render()
    },
    read() {
      readEntitlement()
      return registry.read()
    },
    introduce({ platform, entitlement }) {
      setInfo(registry, infoOf(platform))
      readEntitlement = entitlementGauges(registry, {
        ...sets,
        entitlement: () => entitlement.snapshot(),
      })
    },
    complete: ({ clock, platform, ledger, entitlement }) =>
      createMetrics(registry, {
        ...sets,
        info: infoOf(platform),
        now: () => clock.now(),
        sealDelayMs: settings.sealDelayMs,
        recordWindowMs: window.longestMs,
        acceptedUntil: (hour) => acceptedUntil(window, hour),
        ledger,
        entitlement: () => entitlement.snapshot(),
        droppedLines,
      }),
  }
}
