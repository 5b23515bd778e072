import type { Clock, Timer } from '../../kernel/clock.ts'

/** The application's listener of the sidecar. */
export interface DemoSidecar {
  readonly port: number
  readonly apiToken: string | undefined
}

/** Requests by their kind. */
export type DemoCounts = Readonly<Record<'paid' | 'free', number>>

interface ExporterOptions {
  readonly sidecar: DemoSidecar
  readonly clock: Clock
  readonly timers: Clock
  /** As they are at each moment. */
  readonly counts: DemoCounts
}

/** What dimensions name as the metric. */
export const sentMetric = 'demo.requests'
const intervalMs = 1000
const cumulative = 2

/** Sends counters as an SDK of OpenTelemetry does: cumulative sums over HTTP, the last ones at the end. */
export class DemoExporter {
  readonly #options: ExporterOptions
  readonly #startedAt: number
  #timer: Timer | undefined
  #ended = false

  /** Begins at once: what is counted afterwards is more than the first values. */
  constructor(options: ExporterOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
    void this.#send().finally(() => this.#wait())
  }

  /** Sends what was counted last. */
  async end(): Promise<void> {
    this.#ended = true
    this.#timer?.cancel()
    await this.#send()
  }

  #wait(): void {
    if (this.#ended) return
    this.#timer = this.#options.timers.after(intervalMs, () => {
      void this.#send().finally(() => this.#wait())
    })
  }

  /** What gets no answer is part of the next values. */
  async #send(): Promise<void> {
    const { sidecar } = this.#options
    await fetch(`http://127.0.0.1:${sidecar.port}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersFor(sidecar.apiToken) },
      body: JSON.stringify(this.#request()),
    }).catch(() => {})
  }

  #request() {
    const { clock, counts } = this.#options
    const dataPoints = Object.entries(counts).map(([kind, count]) => ({
      attributes: [{ key: 'kind', value: { stringValue: kind } }],
      startTimeUnixNano: nanoseconds(this.#startedAt),
      timeUnixNano: nanoseconds(clock.now()),
      asInt: String(count),
    }))
    const sum = { aggregationTemporality: cumulative, isMonotonic: true, dataPoints }
    const scopeMetrics = [{ scope: { name: 'demo' }, metrics: [{ name: sentMetric, sum }] }]
    const attributes = [{ key: 'service.name', value: { stringValue: 'demo' } }]
    return { resourceMetrics: [{ resource: { attributes }, scopeMetrics }] }
  }
}

export function headersFor(apiToken: string | undefined): Record<string, string> {
  return apiToken === undefined ? {} : { authorization: `Bearer ${apiToken}` }
}

function nanoseconds(instant: number): string {
  return String(BigInt(Math.round(instant)) * 1_000_000n)
}
