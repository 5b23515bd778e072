import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { load } from '../load.ts'
import { lineOf, peakMb, start } from '../processes.ts'
import { median, type Result } from '../result.ts'
import { root } from '../servers/build.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startSidecar, type Sidecar } from '../servers/sidecar.ts'
import type { Bench, Row } from './bench.ts'
import { largeTagSets } from './bodies.ts'

const attacks = ['idle', 'ahead', 'scrapes', 'bodies'] as const
/** 256 MiB. */
const mostMemoryMb = 268
const dimensions = Array.from({ length: 24 }, (_, index) => `dimension-${index}`)
const tagSets = 2500

/**
 * Measures the check of the application while a neighbour attacks, against the check alone in the same run,
 * and the most memory that the process had. The ledger has as many and as large tag sets as it can.
 */
export const attacked: Row = async (bench) => {
  const results: Result[] = []
  for (const attack of attacks) results.push(...(await measure(attack, bench)))
  return results
}

async function measure(
  attack: (typeof attacks)[number],
  { build, rounds, seconds }: Bench,
): Promise<Result[]> {
  const options = dimensions.flatMap((name) => ['--dimension', name])
  const emulator = await startEmulator(...options)
  const sidecar = await startSidecar(build.sidecar, emulator.url, dimensions)
  await report(sidecar)
  const check = () => load({ url: `${sidecar.url}/v1/entitlement`, connections: 1, seconds })
  const pairs: { ours: number; baseline: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { p99Ms: baseline } = await check()
    const attacker = start([
      join(root, 'bench/servers/attacker.ts'),
      attack,
      new URL(sidecar.url).port,
      new URL(sidecar.opsUrl).port,
    ])
    await lineOf(attacker.child, /^attacking$/)
    await pause(500)
    const { p99Ms: ours } = await check()
    const { ok } = await fetch(`${sidecar.opsUrl}/livez`)
    if (!ok) throw new Error(`under the attack ${attack} the kubelet got no answer`)
    await attacker.program.end()
    pairs.push({ ours, baseline })
  }
  const memory = peakMb(sidecar.pid)
  await Promise.all([sidecar.end(), emulator.end()])
  const baseline = median(pairs.map((pair) => pair.baseline))
  return [
    {
      name: `entitlement p99 under the attack ${attack}`,
      unit: 'ms',
      ours: median(pairs.map((pair) => pair.ours)),
      baseline,
      target: { of: 'ours', atMost: Math.max(50, 10 * baseline) },
    },
    {
      name: `most memory under the attack ${attack}`,
      unit: 'MB',
      ours: memory,
      target: { of: 'ours', atMost: mostMemoryMb },
    },
  ]
}

async function report({ url }: Sidecar): Promise<void> {
  for (const dimension of dimensions)
    for (const body of largeTagSets(dimension, tagSets)) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/v1/usage`, { method: 'POST', headers, body })
      if (!answer.ok) throw new Error(`a report was refused: ${await answer.text()}`)
    }
}
