import { setTimeout as pause } from 'node:timers/promises'
import { load } from '../load.ts'
import { residentMb } from '../processes.ts'
import { resultOf, type Round } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainHttp } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { batchOf } from './bodies.ts'
import type { Row } from './bench.ts'

const reports = 1_000_000
const size = 100
/** The pause after the start and after the load, in which work in the background ends. */
const restMs = 3000

/** Measures resident memory: idle against a bare `node:http` server, and after a million reports against idle. */
export const memory: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const idle: Round[] = []
  const loaded: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    const sidecar = await startSidecar(build.sidecar, emulator.url)
    const plain = await startPlainHttp(build, `${sidecar.url}/v1/entitlement`)
    await pause(restMs)
    const ours = residentMb(sidecar.pid)
    idle.push({ ours, baseline: residentMb(plain.pid) })
    await reportAMillion(`${sidecar.url}/v1/usage`, seconds)
    await pause(restMs)
    loaded.push({ ours: residentMb(sidecar.pid), baseline: ours })
    await Promise.all([plain.end(), sidecar.end()])
  }
  await emulator.end()
  return [
    resultOf({ name: 'memory, idle', unit: 'MB', target: { of: 'ratio', atMost: 1.4 } }, idle),
    resultOf(
      {
        name: 'memory after 1,000,000 reports',
        unit: 'MB',
        target: { of: 'difference', atMost: 20 },
      },
      loaded,
    ),
  ]
}

async function reportAMillion(url: string, seconds: number): Promise<void> {
  const bodies = [batchOf(size)]
  for (let sent = 0; sent < reports;)
    sent += size * (await load({ url, connections: 16, seconds, bodies })).requests
}
