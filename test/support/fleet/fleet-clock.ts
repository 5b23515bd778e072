import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, Timer } from '../../../src/kernel/clock.ts'

interface Entry {
  readonly due: number
  run: (() => void) | undefined
}

/** A clock for tens of thousands of timers, which moves from one to the next as fast as the work allows. */
export class FleetClock implements Clock {
  readonly #start: number
  #elapsed = 0
  /** A heap: no entry is due after its two children. */
  readonly #heap: Entry[] = []

  constructor(startAt: string) {
    this.#start = Date.parse(startAt)
  }

  now(): number {
    return this.#start + this.#elapsed
  }

  elapsed(): number {
    return this.#elapsed
  }

  at(instant: number, run: () => void): Timer {
    return this.after(instant - this.now(), run)
  }

  after(ms: number, run: () => void): Timer {
    const entry: Entry = { due: this.#elapsed + Math.max(0, ms), run }
    this.#add(entry)
    return {
      cancel: () => {
        entry.run = undefined
      },
    }
  }

  /** Lets time pass until nothing waits, or until `until` on `elapsed`. */
  async run(until: number): Promise<void> {
    await turn()
    for (;;) {
      const [next] = this.#heap
      if (next === undefined || next.due > until) return
      this.#remove()
      if (next.run === undefined) continue
      this.#elapsed = next.due
      next.run()
      // Everything that the timer began has settled when the event loop turns.
      await turn()
    }
  }

  #add(entry: Entry): void {
    const heap = this.#heap
    let place = heap.length
    for (;;) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (place === 0 || parent === undefined || parent.due <= entry.due) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  #remove(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const [a, b] = [heap[left], heap[left + 1]]
      const child = b !== undefined && a !== undefined && b.due < a.due ? left + 1 : left
      const smaller = heap[child]
      if (smaller === undefined || smaller.due >= last.due) break
      heap[place] = smaller
      place = child
    }
    heap[place] = last
  }
}
