import {
  otlpJson,
  otlpProtobuf,
  type TestProcess,
} from '../../../test/support/otlp/otlp-request.ts'

/** Of a metric on a page; the others are not counted. */
const countedSeries = 200
const startedAt = Date.now()

/** A page of so many series, of which 200 are counted. */
export function metricsPage(series: number): string {
  const lines = [`process_start_time_seconds ${startedAt / 1000}`]
  for (let index = 0; index < series; index += 1) {
    const family = Math.floor(index / countedSeries)
    const name = family === 0 ? 'app_requests_total' : `other_${family}_total`
    if (index % countedSeries === 0) lines.push(`# HELP ${name} Some`, `# TYPE ${name} counter`)
    lines.push(`${name}{method="GET",path="/v1/orders/${index}",status="200"} ${index}`)
  }
  return `${lines.join('\n')}\n`
}

/** A process with so many counters, of which the first `counted` are counted. */
function otlpPoints(points: number, counted: number): TestProcess[] {
  const at = Date.now()
  const pointOf = (index: number) => ({
    value: BigInt(at - startedAt),
    at,
    start: startedAt,
    attributes: { method: 'GET', path: `/v1/orders/${index}`, status: '200' },
  })
  const all = Array.from({ length: points }, (_, index) => pointOf(index))
  const resource = { 'service.name': 'shop', 'service.instance.id': 'one' }
  const metrics = [
    { name: 'app.requests', points: all.slice(0, counted) },
    { name: 'other.requests', points: all.slice(counted) },
  ]
  return [{ resource, metrics }]
}

/** The same in Protocol Buffers, as it is now. */
export function otlpRequest(points: number, counted = countedSeries): Buffer {
  return otlpProtobuf(otlpPoints(points, counted))
}

/** The JSON form. */
export function otlpText(points: number): string {
  return JSON.stringify(otlpJson(otlpPoints(points, countedSeries)))
}
