import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { load } from '../../load.ts'
import { processorMs } from '../../processes.ts'
import { median, resultOf, type Result, type Round } from '../../result.ts'
import { startEmulator } from '../../servers/emulator.ts'
import { startSidecar, type Sidecar } from '../../servers/sidecar.ts'
import { alternate, type Row } from '../bench.ts'
import { metricsPage, otlpRequest, otlpText } from './metrics-bodies.ts'

const series = 20_000
const points = 10_000
const largestRequest = () => otlpRequest(2 * points, 2 * points)
/** Requests whose processor time is measured together. */
const together = 4

const dimensions = [
  { name: 'requests', from: { prometheus: { metric: 'app_requests_total' } } },
  { name: 'storage', from: { otlp: { metric: 'app.requests' } } },
]

/**
 * Measures what it costs to read metrics: the processor time of a page of 20,000 series and of requests with
 * 10,000 points, against JSON.parse, and the check while they come without pause. 200 of them are counted, and
 * in one row all.
 */
export const sources: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator(...dimensions.flatMap(({ name }) => ['--dimension', name]))
  const page = await servePage(metricsPage(series))
  const sidecar = await startSidecar(build.sidecar, emulator.url, dimensions, {
    SIDECAR_SCRAPE_URL: page.url,
    SIDECAR_SCRAPE_INTERVAL_SECONDS: '300',
  })
  const scrape = () => post(`${sidecar.url}/v1/scrape`)
  const send = (body: Buffer | string) => () => post(`${sidecar.url}/v1/metrics`, body)
  const json = otlpText(points)
  const cost = (name: string, read: () => Promise<void>, parsedBytes: number) =>
    costOf({ name: `processor time of ${name}`, read, parsedBytes, sidecar, rounds })
  const results = [
    await cost('a page of 20,000 series', scrape, page.bytes),
    await cost('10,000 OTLP points', () => send(otlpRequest(points))(), json.length),
    await cost('10,000 OTLP points as JSON', () => send(otlpText(points))(), json.length),
    await checkUnder('pages', scrape, { sidecar, rounds, seconds }),
    await checkUnder('OTLP', () => send(otlpRequest(points))(), { sidecar, rounds, seconds }),
    await checkUnder('20,000 counted OTLP points', () => send(largestRequest())(), {
      sidecar,
      rounds,
      seconds,
    }),
    await cost('10,000 counted points', () => send(otlpRequest(points, points))(), json.length),
  ]
  await Promise.all([sidecar.end(), emulator.end(), page.end()])
  return results
}

interface CostOptions {
  readonly name: string
  readonly sidecar: Sidecar
  readonly rounds: number
  readonly read: () => Promise<void>
  /** How many bytes of JSON are parsed for comparison. */
  readonly parsedBytes: number
}

async function costOf({ name, sidecar, rounds, read, parsedBytes }: CostOptions): Promise<Result> {
  const text = otlpText(points)
  const ours = async () => {
    const before = processorMs(sidecar.pid)
    for (let index = 0; index < together; index += 1) await read()
    return (processorMs(sidecar.pid) - before) / together
  }
  const baseline = () => {
    const before = process.cpuUsage()
    for (let index = 0; index < together; index += 1) JSON.parse(text)
    const { user, system } = process.cpuUsage(before)
    return Promise.resolve(((user + system) / 1000 / together) * (parsedBytes / text.length))
  }
  await read()
  return resultOf({ name, unit: 'ms' }, await alternate(rounds, ours, baseline))
}

async function checkUnder(
  what: string,
  read: () => Promise<void>,
  {
    sidecar,
    rounds,
    seconds,
  }: Pick<CostOptions, 'sidecar' | 'rounds'> & { readonly seconds: number },
): Promise<Result> {
  const check = async () =>
    (await load({ url: `${sidecar.url}/v1/entitlement`, connections: 1, seconds })).p99Ms
  const pairs: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    const baseline = await check()
    const end = new AbortController()
    const reading = readOn(read, end.signal)
    const ours = await check()
    end.abort()
    await reading
    pairs.push({ ours, baseline })
  }
  const baseline = median(pairs.map((pair) => pair.baseline))
  return {
    name: `entitlement p99 under ${what} without pause`,
    unit: 'ms',
    ours: median(pairs.map((pair) => pair.ours)),
    baseline,
    target: { of: 'ours', atMost: Math.max(50, 10 * baseline) },
  }
}

async function readOn(read: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await read()
}

async function post(url: string, body?: Buffer | string): Promise<void> {
  const type = typeof body === 'string' ? 'application/json' : 'application/x-protobuf'
  const headers = body === undefined ? {} : { 'content-type': type }
  const answer = await fetch(url, { method: 'POST', headers, ...(body !== undefined && { body }) })
  const said = Buffer.from(await answer.arrayBuffer()).toString()
  if (!answer.ok || said.includes('rejectedDataPoints') || said.includes('requests:'))
    throw new Error(`${url} answered ${answer.status}: ${said}`)
}

async function servePage(text: string) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    bytes: Buffer.byteLength(text),
    end: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}
