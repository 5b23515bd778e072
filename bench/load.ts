import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocannon from 'autocannon'

interface LoadPlan {
  readonly url: string
  /** Each sends its next request when the last one has been answered. */
  readonly connections: number
  readonly seconds: number
  /** Posted in turn. Without them the load consists of GET requests. */
  readonly bodies?: readonly string[]
  /** Whether answers of 4xx and 5xx count as well: the check of a task that is not entitled. */
  readonly mayRefuse?: boolean
}

interface LoadFigures {
  readonly requests: number
  readonly perSecond: number
  readonly p99Ms: number
}

interface RawFigures {
  readonly requests: number
  readonly seconds: number
  readonly p99Ms: number
  /** Requests without an answer. */
  readonly lost: number
  /** Answers that are no 2xx. */
  readonly refused: number
}

const script = fileURLToPath(new URL('load.lua', import.meta.url))

/** wrk uses a fraction of the processor time that autocannon uses, which matters on a machine with two cores. */
export const loadTool = spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'autocannon'

/** Applies the load and measures. Throws if an answer was not as planned, because such figures mean nothing. */
export async function load(plan: LoadPlan): Promise<LoadFigures> {
  const { requests, seconds, p99Ms, lost, refused } = await (loadTool === 'wrk'
    ? runWrk(plan)
    : runAutocannon(plan))
  const errors = lost + (plan.mayRefuse === true ? 0 : refused)
  if (errors > 0) throw new Error(`${errors} of ${requests} requests to ${plan.url} failed`)
  // Where nothing was answered at all, the only request took at least that long.
  return { requests, perSecond: requests / seconds, p99Ms: requests === 0 ? seconds * 1000 : p99Ms }
}

async function runWrk({ url, connections, seconds, bodies }: LoadPlan): Promise<RawFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-load-'))
  try {
    const options = ['-t', '1', '-c', `${connections}`, '-d', `${seconds}s`, '-s', script, url]
    if (bodies !== undefined) {
      const path = join(folder, 'bodies')
      writeFileSync(path, bodies.map((body) => `${body}\n`).join(''))
      options.push('--', path)
    }
    const { stdout } = await promisify(execFile)('wrk', options)
    const [, figures] = /^figures (.+)$/m.exec(stdout) ?? []
    if (figures === undefined) throw new Error(`wrk did not measure:\n${stdout}`)
    return JSON.parse(figures) as RawFigures
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runAutocannon({ url, connections, seconds, bodies }: LoadPlan): Promise<RawFigures> {
  const headers = { 'content-type': 'application/json' }
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: bodies?.map((body) => ({ method: 'POST', headers, body })) ?? [{ method: 'GET' }],
  })
  return {
    requests: result.requests.total,
    seconds: result.duration,
    p99Ms: result.latency.p99,
    lost: result.errors,
    refused: result.non2xx,
  }
}
