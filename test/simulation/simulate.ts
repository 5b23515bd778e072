import { Chance } from '../kill/chance.ts'
import { Coverage } from './coverage.ts'
import { drawCustomerEvent } from './customer-event.ts'
import { drawEvent, type SimulationEvent } from './event.ts'
import { runLife, type Script } from './run-life.ts'
import type { PodOptions } from './simulated-pod.ts'
import type { Violation } from './violation.ts'

export interface SimulationResult {
  readonly hours: number
  readonly lives: number
  readonly coverage: Coverage
  readonly failure: SimulationFailure | undefined
}

export interface SimulationFailure {
  /** Of the life that failed: `--seed` with it begins there. */
  readonly seed: number
  readonly script: Script
  readonly violation: Violation
}

export interface SimulationOptions {
  readonly seed: number
  /** How many hours of pods are simulated at least. */
  readonly hours: number
  readonly rewritesOnOpen?: boolean
  readonly store?: PodOptions['store'] | undefined
  /** Of products whose customers are billed. */
  readonly customers?: boolean | undefined
  /** Longer lives are left out: over a real store, weeks may take a minute. */
  readonly longestHours?: number | undefined
}

/** Runs life after life, each on a seed of its own, until the hours are over or an invariant breaks. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, rewritesOnOpen = true, store, customers = false, longestHours = Infinity } = options
  const coverage = new Coverage()
  let hours = 0
  let lives = 0
  let skipped = 0
  let failure: SimulationFailure | undefined
  while (hours < options.hours && failure === undefined) {
    const lifeSeed = (seed + lives + skipped) % 2 ** 31
    const script = drawScript(lifeSeed, { rewritesOnOpen, store, customers })
    if (hoursOf(script) > longestHours) {
      skipped += 1
      continue
    }
    const life = await runLife(script)
    hours += life.hours
    lives += 1
    coverage.add(life.coverage)
    const { violation } = life
    if (violation !== undefined) failure = { seed: lifeSeed, script, violation }
  }
  return { hours, lives, coverage, failure }
}

/** How long a script lets time pass. */
function hoursOf({ events }: Script): number {
  return events.reduce((sum, event) => sum + (event.do === 'pass' ? event.minutes : 0), 0) / 60
}

/** The script of a seed; always the same. */
export function drawScript(
  seed: number,
  pod: Pick<PodOptions, 'rewritesOnOpen' | 'store' | 'customers'> = { rewritesOnOpen: true },
): Script {
  const chance = new Chance(seed)
  const length = chance.pick([10, 30, 60, 120, 300])
  // A clock that jumps changes most of what follows, so few lives have one.
  const jumps = chance.happens(0.3)
  const lateUsage = chance.pick(['carry', 'carry', 'hold'] as const)
  const isDrawn = (event: SimulationEvent) =>
    // Weeks of a wrong clock would hold thousands of records, and the sender reads them all each time.
    (lateUsage === 'carry' || event.do !== 'pass' || event.minutes <= 7 * 60) &&
    (jumps || event.do !== 'set-clock' || Math.abs(event.minutes) < 60)
  return {
    options: {
      lateUsage,
      // Those of customers need none.
      zeroRecords: chance.happens(0.2) && !pod.customers,
      ...(chance.happens(0.2) && { mostPerHour: '4000000000' }),
      ...pod,
    },
    events: Array.from({ length }, () =>
      pod.customers ? drawCustomerEvent(chance) : drawEvent(chance),
    ).filter(isDrawn),
  }
}
