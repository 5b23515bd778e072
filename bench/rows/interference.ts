import { load } from '../load.ts'
import { resultOf, type Result } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, pick, type Row } from './bench.ts'
import { plainReport } from './bodies.ts'

const usageConnections = 16

/** Measures the entitlement check while usage is written at full speed, against the check alone. */
export const interference: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const check = (connections: number) => () =>
    load({ url: `${sidecar.url}/v1/entitlement`, connections, seconds })
  const checkWhileBusy = (connections: number) => async () => {
    const writing = load({
      url: `${sidecar.url}/v1/usage`,
      connections: usageConnections,
      seconds: seconds + 1,
      bodies: [plainReport],
    })
    const [checked] = await Promise.all([check(connections)(), writing])
    return checked
  }
  await checkWhileBusy(1)()
  const results: Result[] = []
  for (const connections of [16, 1]) {
    const pairs = await alternate(rounds, checkWhileBusy(connections), check(connections))
    results.push(
      resultOf(
        {
          name: `entitlement p99 with full usage, ${connections} checking`,
          unit: 'ms',
          target: { of: 'ratio', atMost: 2 },
        },
        pick(pairs, ({ p99Ms }) => p99Ms),
      ),
    )
  }
  await Promise.all([sidecar.end(), emulator.end()])
  return results
}
