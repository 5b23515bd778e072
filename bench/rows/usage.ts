import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { load } from '../load.ts'
import { resultOf, type Result, type Target } from '../result.ts'
import { breakAws, startEmulator } from '../servers/emulator.ts'
import { startPlainFastify, startPlainSync } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { plainReport, taggedReports } from './bodies.ts'
import { alternate, pick, type Row } from './bench.ts'

const path = '/v1/usage'

const post = (server: string, bodies: readonly string[], seconds: number, connections = 16) =>
  load({ url: `${server}${path}`, connections, seconds, bodies })

/**
 * Measures `POST /v1/usage`, one report a request, on disk before the answer: over many connections
 * against Fastify without storage, over one against a server that only writes and flushes.
 */
export const usage: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const plain = await startPlainFastify(build)
  const folder = mkdtempSync(join(tmpdir(), 'bench-sync-'))
  const sync = await startPlainSync(build, folder)
  const send = (server: string, bodies: readonly string[], connections?: number) => () =>
    post(server, bodies, seconds, connections)

  await Promise.all([sidecar, plain, sync].map(({ url }) => send(url, [plainReport])()))
  const results: Result[] = []
  for (const connections of [16, 64]) {
    const pairs = await alternate(
      rounds,
      send(sidecar.url, [plainReport], connections),
      send(plain.url, [plainReport], connections),
    )
    const name = connections === 16 ? 'usage report' : `usage report, ${connections} connections`
    results.push(rateOf(name, pairs, { of: 'ratio', atLeast: 0.8 }))
    if (connections === 16) results.push(p99Of(`${name}, p99`, pairs, { of: 'ours', atMost: 10 }))
  }
  const alone = await alternate(
    rounds,
    send(sidecar.url, [plainReport], 1),
    send(sync.url, [plainReport], 1),
  )
  await Promise.all([plain.end(), sync.end()])
  rmSync(folder, { recursive: true })
  const [one, thousand] = [taggedReports(1), taggedReports(1000)]
  const tagged = await alternate(rounds, send(sidecar.url, thousand), send(sidecar.url, one))
  await Promise.all([sidecar.end(), emulator.end()])
  return [
    ...results,
    rateOf('usage report, 1 connection, against a flush', alone, { of: 'ratio', atLeast: 0.8 }),
    rateOf('usage report, 1,000 tag sets against 1', tagged, { of: 'ratio', atLeast: 0.9 }),
  ]
}

/**
 * Measures the same while AWS is down, against a sidecar whose AWS is up. An hour of 20 s has ended, and its
 * records are tried again and again, faster by as much as the clock is; further hours end meanwhile.
 */
export const outage: Row = async ({ build, rounds, seconds }) => {
  const fast = ['--hour', '20s', '--start', '2026-03-10T09:50:00Z']
  const [broken, working] = [await startEmulator(...fast), await startEmulator(...fast)]
  const down = await startSidecar(build.fastSidecar, broken.url)
  const up = await startSidecar(build.fastSidecar, working.url)
  const send = (server: string) => () => post(server, [plainReport], seconds)
  await breakAws(broken.url)
  await Promise.all([send(down.url)(), send(up.url)()])
  await untilOneWaits(down.url)
  const pairs = await alternate(rounds, send(down.url), send(up.url))
  await untilOneWaits(down.url)
  await Promise.all([down, up, broken, working].map((server) => server.end()))
  return [
    rateOf('usage report, AWS down against up', pairs, { of: 'ratio', atLeast: 0.9 }),
    p99Of('usage report, AWS down against up, p99', pairs, { of: 'ratio', atMost: 1.1 }),
  ]
}

type Pairs = Parameters<typeof pick<{ perSecond: number; p99Ms: number }>>[0]

function rateOf(name: string, pairs: Pairs, target: Target): Result {
  const line = { name, unit: 'requests/s', target }
  return resultOf(
    line,
    pick(pairs, ({ perSecond }) => perSecond),
  )
}

function p99Of(name: string, pairs: Pairs, target: Target): Result {
  return resultOf(
    { name, unit: 'ms', target },
    pick(pairs, ({ p99Ms }) => p99Ms),
  )
}

/** Resolves when a record has been tried and waits for AWS. Until then the outage has no effect. */
async function untilOneWaits(server: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${server}${path}`)
    const { pending } = (await answer.json()) as { pending: { attempts: number }[] }
    if (pending.some(({ attempts }) => attempts > 0)) return
    await pause(100)
  }
}
