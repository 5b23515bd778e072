import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocannon from 'autocannon'

export interface LoadPlan {
  readonly url: string
  /** Each sends its next request when the last one has been answered. */
  readonly connections: number
  readonly seconds: number
  /** Posted in turn. Without them the load consists of GET requests. */
  readonly bodies?: readonly string[]
}

export interface LoadFigures {
  readonly requests: number
  readonly perSecond: number
  readonly p99Ms: number
}

interface RawFigures {
  readonly requests: number
  readonly seconds: number
  readonly p99Ms: number
  readonly errors: number
}

const script = fileURLToPath(new URL('load.lua', import.meta.url))

/** wrk uses a fraction of the processor time that autocannon uses, which matters on a machine with two cores. */
export const loadTool = spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'autocannon'

/** Applies the load and measures. Throws if any answer was not a 2xx, because such figures mean nothing. */
export async function load(plan: LoadPlan): Promise<LoadFigures> {
  const { requests, seconds, p99Ms, errors } = await (loadTool === 'wrk'
    ? runWrk(plan)
    : runAutocannon(plan))
  if (errors > 0) throw new Error(`${errors} of ${requests} requests to ${plan.url} failed`)
  return { requests, perSecond: requests / seconds, p99Ms }
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
    errors: result.errors + result.non2xx,
  }
}
