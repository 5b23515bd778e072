import { hourMs } from '../../../src/metering/hour.ts'
import { meterUsageWindow } from '../../../src/metering/record/record-window.ts'
import { sealableBefore } from '../../../src/metering/record/seal-time.ts'
import { Chance } from '../../kill/chance.ts'
import { Coverage } from '../coverage.ts'
import { checkAlways, checkQuiet } from '../invariants.ts'
import { Violation } from '../violation.ts'
import { drawSharedCustomerEvent, drawSharedEvent, type SharedEvent } from './shared-event.ts'
import { SimulatedCluster, type ClusterOptions } from './simulated-cluster.ts'
import { sharedDimension } from './simulated-sidecar.ts'

/** What happens to one shared book. */
export interface SharedScript extends ClusterOptions {
  readonly sidecars: number
  readonly events: readonly SharedEvent[]
}

export interface SharedLife {
  /** Of one sidecar after the other, whatever their number. */
  readonly hours: number
  readonly coverage: Coverage
  readonly violation: Violation | undefined
}

/** The script of a seed; always the same. */
export function drawSharedScript(
  seed: number,
  { neverAsks, customers }: Pick<ClusterOptions, 'neverAsks' | 'customers'> = {},
): SharedScript {
  const chance = new Chance(seed)
  const length = chance.pick([10, 30, 60, 120])
  return {
    seed,
    lateUsage: chance.pick(['carry', 'carry', 'hold']),
    sidecars: chance.integer(2, 4),
    ...(neverAsks && { neverAsks }),
    ...(customers && { customers }),
    events: Array.from({ length }, () =>
      customers ? drawSharedCustomerEvent(chance) : drawSharedEvent(chance),
    ),
  }
}

/** Plays a script, then calms everything down, stops all, starts one and lets quiet hours pass. */
export async function runSharedLife(script: SharedScript): Promise<SharedLife> {
  const cluster = new SimulatedCluster(script)
  const startedAt = cluster.now
  let violation: Violation | undefined
  try {
    for (let index = 0; index < script.sidecars; index += 1) await cluster.start()
    for (const event of script.events) {
      await cluster.happen(event)
      await check(cluster)
    }
    await finish(cluster)
  } catch (error) {
    violation =
      error instanceof Violation
        ? error
        : new Violation('threw', error instanceof Error ? (error.stack ?? '') : String(error))
  }
  return { hours: (cluster.now - startedAt) / hourMs, coverage: cluster.coverage, violation }
}

async function finish(cluster: SimulatedCluster): Promise<void> {
  await cluster.calmDown()
  for (let round = 0; round < 10 && cluster.application.unanswered > 0; round += 1) {
    await cluster.pass(1)
    await cluster.send()
  }
  if (cluster.application.unanswered > 0) throw new Violation('stuck', 'a report has no answer')
  await check(cluster)
  await cluster.stopAll()
  await check(cluster)
  await cluster.start()
  await cluster.pass(12 * 60)
  await check(cluster)
  await checkQuiet(cluster.checked, sealableBefore(cluster.now, 120_000, meterUsageWindow))
  await cluster.stopAll()
  await check(cluster)
  await cluster.measurements.check(cluster.checked.store, cluster.now)
}

async function check(cluster: SimulatedCluster): Promise<void> {
  await checkAlways(cluster.checked)
  // A record of a customer is one for all of them anyway.
  if (cluster.checked.customers !== undefined) return
  const hours = new Set<number>()
  for (const { ours, dimension, hour } of cluster.aws.entries.values()) {
    if (!ours || dimension !== sharedDimension) continue
    if (hours.has(hour))
      throw new Violation(
        'billed-twice',
        `two records of ${dimension} for ${new Date(hour).toISOString()}`,
      )
    hours.add(hour)
  }
}

export interface SharedSimulation {
  readonly hours: number
  readonly lives: number
  readonly coverage: Coverage
  readonly failure:
    | {
        readonly seed: number
        readonly script: SharedScript
        readonly violation: Violation
      }
    | undefined
}

/** Runs life after life, each on a seed of its own, until the hours are over or an invariant breaks. */
export async function simulateShared(options: {
  readonly seed: number
  readonly hours: number
  readonly neverAsks?: boolean
  /** Of products whose customers are billed. */
  readonly customers?: boolean
}): Promise<SharedSimulation> {
  const coverage = new Coverage()
  let hours = 0
  let lives = 0
  let failure: SharedSimulation['failure']
  while (hours < options.hours && failure === undefined) {
    const seed = (options.seed + lives) % 2 ** 31
    const script = drawSharedScript(seed, options)
    const life = await runSharedLife(script)
    hours += life.hours
    lives += 1
    coverage.add(life.coverage)
    if (life.violation !== undefined) failure = { seed, script, violation: life.violation }
  }
  return { hours, lives, coverage, failure }
}
