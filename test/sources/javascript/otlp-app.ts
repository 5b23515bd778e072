// An application that counts with the OpenTelemetry SDK for JavaScript. The first argument is the folder with
// the libraries. Each line of standard input is a command in JSON; "ok" answers it.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

interface Instrument {
  add(value: number, attributes?: object): void
  record(value: number): void
}

/** What of the libraries is used; they are not among the dependencies of this repository. */
interface Libraries {
  readonly PeriodicExportingMetricReader: new (options: object) => object
  readonly OTLPMetricExporter: new () => object
  readonly MeterProvider: new (options: object) => {
    getMeter(
      name: string,
    ): Record<
      'createCounter' | 'createUpDownCounter' | 'createHistogram',
      (name: string) => Instrument
    >
    forceFlush(): Promise<void>
    shutdown(): Promise<void>
  }
}

const require = createRequire(join(process.argv[2] ?? '', 'package.json'))
const isJson = process.env['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] === 'http/json'
const { MeterProvider, PeriodicExportingMetricReader, OTLPMetricExporter } = {
  ...(require('@opentelemetry/sdk-metrics') as object),
  ...(require(`@opentelemetry/exporter-metrics-otlp-${isJson ? 'http' : 'proto'}`) as object),
} as Libraries

const reader = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter(),
  exportIntervalMillis: 3_600_000,
})
const provider = new MeterProvider({ readers: [reader] })
const meter = provider.getMeter('shop')
const requests = meter.createCounter('app.requests')
const hosts = meter.createUpDownCounter('app.hosts')
const seconds = meter.createHistogram('app.seconds')

for await (const line of createInterface({ input: process.stdin })) {
  const {
    add,
    kind,
    hosts: change,
    seconds: took,
  } = JSON.parse(line) as Partial<Record<'add' | 'hosts' | 'seconds', number>> & { kind?: string }
  if (add !== undefined) requests.add(add, { kind })
  else if (change !== undefined) hosts.add(change)
  else if (took !== undefined) seconds.record(took)
  // What could not be sent is sent with the next values.
  else await provider.forceFlush().catch(() => {})
  console.log('ok')
}
await provider.shutdown()
