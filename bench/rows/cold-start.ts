import { once } from 'node:events'
import { start } from '../processes.ts'
import { resultOf } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, type Row } from './bench.ts'

/** Measures from the start of the process to the first 200 of the entitlement check, AWS's proof included. */
export const coldStart: Row = async ({ build, rounds }) => {
  const emulator = await startEmulator()
  const ours = async () => {
    const sidecar = await startSidecar(build.sidecar, emulator.url)
    await sidecar.end()
    return sidecar.firstAnswerMs
  }
  await ours()
  const pairs = await alternate(rounds, ours, bareNodeMs)
  await emulator.end()
  return [
    resultOf(
      { name: 'cold start to the first 200', unit: 'ms', target: { of: 'ratio', atMost: 4 } },
      pairs,
    ),
  ]
}

async function bareNodeMs(): Promise<number> {
  const startedAt = performance.now()
  const { child } = start(['-e', '0'])
  await once(child, 'exit')
  return performance.now() - startedAt
}
