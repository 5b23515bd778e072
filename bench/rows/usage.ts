import { setTimeout as pause } from 'node:timers/promises'
import { load } from '../load.ts'
import { resultOf, type Result } from '../result.ts'
import { breakAws, startEmulator } from '../servers/emulator.ts'
import { startPlainFastify } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { plainReport, taggedReports } from './bodies.ts'
import { alternate, pick, type Row } from './bench.ts'

const connections = 16
const path = '/v1/usage'

const post = (server: string, bodies: readonly string[], seconds: number) =>
  load({ url: `${server}${path}`, connections, seconds, bodies })

/** Measures `POST /v1/usage`, one report a request, on disk before the answer, against Fastify without storage. */
export const usage: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const plain = await startPlainFastify(build)
  const send = (server: string, bodies: readonly string[]) => () => post(server, bodies, seconds)

  await Promise.all([send(sidecar.url, [plainReport])(), send(plain.url, [plainReport])()])
  const pairs = await alternate(
    rounds,
    send(sidecar.url, [plainReport]),
    send(plain.url, [plainReport]),
  )
  await plain.end()
  const [one, thousand] = [taggedReports(1), taggedReports(1000)]
  const tagged = await alternate(rounds, send(sidecar.url, thousand), send(sidecar.url, one))
  await Promise.all([sidecar.end(), emulator.end()])
  return [
    ...usageResults('usage report', pairs),
    resultOf(
      {
        name: 'usage report, 1,000 tag sets against 1',
        unit: 'requests/s',
        target: { of: 'ratio', atLeast: 0.9 },
      },
      pick(tagged, ({ perSecond }) => perSecond),
    ),
  ]
}

/**
 * Measures the same while AWS is down. An hour of 20 s has ended, and its records are tried again and again,
 * faster by as much as the clock is; further hours end meanwhile.
 */
export const outage: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator('--hour', '20s', '--start', '2026-03-10T09:50:00Z')
  const sidecar = await startSidecar(build.fastSidecar, emulator.url)
  const plain = await startPlainFastify(build)
  const send = (server: string) => () => post(server, [plainReport], seconds)
  await breakAws(emulator.url)
  await Promise.all([send(sidecar.url)(), send(plain.url)()])
  await untilOneWaits(sidecar.url)
  const pairs = await alternate(rounds, send(sidecar.url), send(plain.url))
  await untilOneWaits(sidecar.url)
  await Promise.all([plain.end(), sidecar.end(), emulator.end()])
  return usageResults('usage report, AWS down', pairs)
}

function usageResults(
  name: string,
  pairs: Parameters<typeof pick<{ perSecond: number; p99Ms: number }>>[0],
): Result[] {
  return [
    resultOf(
      { name, unit: 'requests/s', target: { of: 'ratio', atLeast: 0.5 } },
      pick(pairs, ({ perSecond }) => perSecond),
    ),
    resultOf(
      { name: `${name}, p99`, unit: 'ms', target: { of: 'ours', atMost: 10 } },
      pick(pairs, ({ p99Ms }) => p99Ms),
    ),
  ]
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
