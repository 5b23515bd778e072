import { Chance } from '../../kill/chance.ts'
import { Coverage } from '../coverage.ts'
import { Violation } from '../violation.ts'
import { drawReadingEvent, type ReadingEvent } from './reading-event.ts'
import { ReadingWorld } from './reading-world.ts'

export interface ReadingSimulation {
  readonly hours: number
  readonly lives: number
  readonly coverage: Coverage
  /** Of the first life that failed. */
  readonly failure:
    | {
        readonly seed: number
        readonly events: readonly ReadingEvent[]
        readonly violation: Violation
      }
    | undefined
}

interface Options {
  readonly seed: number
  /** How many hours are simulated at least. */
  readonly hours: number
  readonly store?: 'sqlite' | undefined
}

/** Plays lives of readings and counters until the hours are over or a bill is wrong. */
export async function simulateReadings({
  seed,
  hours,
  store,
}: Options): Promise<ReadingSimulation> {
  const coverage = new Coverage()
  let played = 0
  let lives = 0
  while (played < hours) {
    const lifeSeed = (seed + lives) % 2 ** 31
    const chance = new Chance(lifeSeed)
    const length = chance.pick([10, 30, 60, 120])
    const events = Array.from({ length }, () => drawReadingEvent(chance))
    const life = await playReadings(events, store)
    played += life.hours
    lives += 1
    coverage.add(life.coverage)
    if (life.violation !== undefined) {
      const failure = { seed: lifeSeed, events: await shortest(events, life.violation, store) }
      return {
        hours: played,
        lives,
        coverage,
        failure: { ...failure, violation: life.violation },
      }
    }
  }
  return { hours: played, lives, coverage, failure: undefined }
}

/** Plays the events of one life, and lets its hours end. */
export async function playReadings(events: readonly ReadingEvent[], store?: 'sqlite') {
  const world = await ReadingWorld.start(store)
  let violation: Violation | undefined
  try {
    for (const event of events) await world.happen(event)
    await world.finish()
  } catch (error) {
    violation =
      error instanceof Violation
        ? error
        : new Violation('threw', error instanceof Error ? (error.stack ?? '') : String(error))
  }
  await world.remove()
  return { hours: world.hours, coverage: world.coverage, violation }
}

/** Drops events for as long as the rest still breaks the same invariant. */
async function shortest(
  events: readonly ReadingEvent[],
  { what }: Violation,
  store: 'sqlite' | undefined,
): Promise<readonly ReadingEvent[]> {
  let best = events
  for (
    let size = Math.ceil(events.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  )
    for (let from = 0; from < best.length;) {
      const shorter = best.toSpliced(from, size)
      const { violation } = await playReadings(shorter, store)
      if (violation?.what === what) best = shorter
      else from += size
    }
  return best
}
