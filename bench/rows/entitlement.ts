import { load } from '../load.ts'
import { resultOf } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainHttp } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, pick, type Row } from './bench.ts'

const connections = 16

/** Measures `GET /v1/entitlement` against a bare `node:http` server that sends the same bytes. */
export const entitlement: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const url = `${sidecar.url}/v1/entitlement`
  const plain = await startPlainHttp(build, url)
  const check = (target: string) => () => load({ url: target, connections, seconds })
  await Promise.all([check(url)(), check(plain.url)()])
  const pairs = await alternate(rounds, check(url), check(plain.url))
  await Promise.all([plain.end(), sidecar.end(), emulator.end()])
  return [
    resultOf(
      { name: 'entitlement check', unit: 'requests/s', target: { of: 'ratio', atLeast: 0.9 } },
      pick(pairs, ({ perSecond }) => perSecond),
    ),
    resultOf(
      { name: 'entitlement check, p99', unit: 'ms', target: { of: 'ratio', atMost: 1.5 } },
      pick(pairs, ({ p99Ms }) => p99Ms),
    ),
  ]
}
