import { load } from '../load.ts'
import { resultOf, type Result } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainFastify } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, pick, type Row } from './bench.ts'
import { plainReport } from './bodies.ts'

const usageConnections = 16

/**
 * Measures the entitlement check while usage is written at full speed, against one process that serves both
 * and stores nothing.
 */
export const interference: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const plain = await startPlainFastify(build, `${sidecar.url}/v1/entitlement`)
  const checkWhileBusy = (server: string, connections: number) => async () => {
    const writing = load({
      url: `${server}/v1/usage`,
      connections: usageConnections,
      seconds: seconds + 1,
      bodies: [plainReport],
    })
    const checking = load({ url: `${server}/v1/entitlement`, connections, seconds })
    const [checked] = await Promise.all([checking, writing])
    return checked
  }
  await checkWhileBusy(sidecar.url, 1)()
  await checkWhileBusy(plain.url, 1)()
  const results: Result[] = []
  for (const connections of [16, 1]) {
    const pairs = await alternate(
      rounds,
      checkWhileBusy(sidecar.url, connections),
      checkWhileBusy(plain.url, connections),
    )
    results.push(
      resultOf(
        {
          name: `entitlement p99 with full usage, ${connections} checking`,
          unit: 'ms',
          target: { of: 'ratio', atMost: 1.5 },
        },
        pick(pairs, ({ p99Ms }) => p99Ms),
      ),
    )
  }
  await Promise.all([sidecar.end(), plain.end(), emulator.end()])
  return results
}
