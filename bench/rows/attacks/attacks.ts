import { setTimeout as pause } from 'node:timers/promises'
import { load } from '../../load.ts'
import { peakMb } from '../../processes.ts'
import { median, type Result } from '../../result.ts'
import type { Bench, Row } from '../bench.ts'
import { scenes, type Scene } from './scenes.ts'

/** 256 MiB. */
const mostMemoryMb = 268

/**
 * Measures the check of the application while a neighbour attacks, or while what answers in AWS's place does,
 * against the check alone in the same run, and the most memory that the process had.
 */
export const attacked: Row = async (bench) => {
  const results: Result[] = []
  for (const [attack, open] of Object.entries(scenes))
    results.push(...(await measure(attack, await open(bench.build), bench)))
  return results
}

async function measure(
  attack: string,
  scene: Scene,
  { rounds, seconds }: Bench,
): Promise<Result[]> {
  const { sidecar, isPending = false } = scene
  const url = `${sidecar.url}/v1/entitlement`
  const check = () => load({ url, connections: 1, seconds, mayRefuse: isPending })
  const pairs: { ours: number; baseline: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { p99Ms: baseline } = await check()
    const calm = await scene.begin()
    await pause(500)
    const { p99Ms: ours } = await check()
    const { ok } = await fetch(`${sidecar.opsUrl}/livez`)
    if (!ok) throw new Error(`under the attack ${attack} the kubelet got no answer`)
    await calm()
    pairs.push({ ours, baseline })
  }
  const memory = peakMb(sidecar.pid)
  await scene.end()
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
