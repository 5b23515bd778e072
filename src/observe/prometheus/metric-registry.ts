import { Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client'
import { fullNameOf, metricTable, type MetricDefinition, type MetricName } from './metric-table.ts'
import { RequestTimes } from './request-times.ts'

/** Returns the sum of the series of a metric that have these labels; NaN while there is no such metric. */
export type MetricReading = (name: MetricName, labels?: Readonly<Record<string, string>>) => number

/** Holds the metrics of one sidecar, each as the table defines it. */
export class MetricRegistry {
  readonly #registry = new Registry()

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The one gauge of this name, however often it is asked for. */
  gauge(name: MetricName): Gauge {
    const known = this.#registry.getSingleMetric(fullNameOf(name))
    return known instanceof Gauge
      ? known
      : new Gauge({ ...configuration(name), registers: [this.#registry] })
  }

  /** `collect` is called before each reading, for what is counted elsewhere until then. */
  counter(name: MetricName, collect?: () => void): Counter {
    const options = { ...configuration(name), registers: [this.#registry] }
    return new Counter(collect === undefined ? options : { ...options, collect })
  }

  histogram(name: MetricName): Histogram {
    return new Histogram({ ...configuration(name), registers: [this.#registry] })
  }

  /** A histogram of requests by route, method and status. */
  requestTimes(name: MetricName): RequestTimes {
    const { name: fullName, help, buckets = [] } = configuration(name)
    const times = new RequestTimes(fullName, help, buckets)
    // The registry only reads it.
    this.#registry.registerMetric(times as unknown as Metric)
    return times
  }

  /** Returns the text that Prometheus reads. */
  render(): Promise<string> {
    return this.#registry.metrics()
  }

  /** Returns the same values for readers other than Prometheus. */
  async read(): Promise<MetricReading> {
    const metrics: readonly Collected[] = await this.#registry.getMetricsAsJSON()
    return (name, labels = {}) => {
      const metric = metrics.find((each) => each.name === fullNameOf(name))
      if (metric === undefined) return Number.NaN
      const wanted = Object.entries(labels)
      const has = (series: Collected['values'][number]) =>
        wanted.every(([key, value]) => series.labels[key] === value)
      return metric.values.filter(has).reduce((sum, { value }) => sum + value, 0)
    }
  }
}

/** The part of a prom-client metric that is read here. */
interface Collected {
  readonly name: string
  readonly values: readonly {
    readonly value: number
    readonly labels: Readonly<Partial<Record<string, string | number>>>
  }[]
}

function configuration(name: MetricName) {
  const { help, labels, buckets }: MetricDefinition = metricTable[name]
  return {
    name: fullNameOf(name),
    help,
    labelNames: [...labels],
    ...(buckets === undefined ? {} : { buckets: [...buckets] }),
  }
}
