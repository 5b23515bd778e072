import type { Chance } from './chance.ts'
import type { PhaseName } from './phases/phase-table.ts'
import type { KillPoint } from './sidecar-process.ts'

/** How a life of the process ends. Times are ms since its start. */
export type KillPlan =
  | { readonly kind: 'random'; readonly afterMs: number }
  /** When the phase shows, from `afterMs` on. */
  | { readonly kind: 'aimed'; readonly phase: PhaseName; readonly afterMs: number }
  | { readonly kind: 'self'; readonly at: KillPoint }

/** Where a process kills itself; the occurrence is the last one within about two seconds. */
const points: readonly KillPoint[] = [
  { step: 'report-written', occurrence: 300 },
  { step: 'group-committed', occurrence: 200 },
  { step: 'group-flushed', occurrence: 200 },
  { step: 'seal-written', occurrence: 2 },
  { step: 'group-committed', occurrence: 2, inGroup: 'seal-written' },
  { step: 'mark-written', occurrence: 4 },
  { step: 'group-committed', occurrence: 4, inGroup: 'mark-written' },
  { step: 'send-started', occurrence: 4 },
  { step: 'send-answered', occurrence: 4 },
  { step: 'settle-written', occurrence: 4 },
  { step: 'group-committed', occurrence: 4, inGroup: 'settle-written' },
]
const aims: readonly PhaseName[] = ['commit of reports', 'flush', 'send in flight']
const longestRandomMs = 3500

/** Every second kill is at any moment; the others are aimed at each point in turn. */
export class KillPlans {
  readonly #chance: Chance
  #points: readonly KillPoint[] = []
  #count = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  next(): KillPlan {
    const chance = this.#chance
    this.#count += 1
    if (this.#count % 2 === 0)
      return { kind: 'random', afterMs: chance.integer(50, longestRandomMs) }
    if (this.#count % 10 === 9)
      return { kind: 'aimed', phase: chance.pick(aims), afterMs: chance.integer(300, 1500) }
    if (this.#points.length === 0) this.#points = points
    const point = chance.pick(this.#points)
    this.#points = this.#points.filter((other) => other !== point)
    return { kind: 'self', at: { ...point, occurrence: chance.integer(1, point.occurrence) } }
  }
}
