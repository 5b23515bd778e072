import { load } from '../load.ts'
import { resultOf } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainFastify } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, pick, type Row } from './bench.ts'
import { batchOf } from './bodies.ts'

const connections = 16
const size = 100

/** Measures a hundred reports per request, on disk before the answer. */
export const batches: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const plain = await startPlainFastify(build)
  const bodies = [batchOf(size)]
  const send = (url: string) => () => load({ url, connections, seconds, bodies })
  const ours = send(`${sidecar.url}/v1/usage`)
  const baseline = send(`${plain.url}/v1/usage/batch`)
  await Promise.all([ours(), baseline()])
  const pairs = await alternate(rounds, ours, baseline)
  await Promise.all([plain.end(), sidecar.end(), emulator.end()])
  return [
    resultOf(
      {
        name: `batches of ${size}`,
        unit: 'reports/s',
        target: { of: 'ratio', atLeast: 0.6 },
      },
      pick(pairs, ({ perSecond }) => perSecond * size),
    ),
  ]
}
