import type { Clock, Timer } from '../../src/kernel/clock.ts'

interface Entry {
  /** On the wall clock, or since the start. */
  readonly due: number
  readonly follows: 'wall' | 'elapsed'
  readonly order: number
  readonly run: () => void
}

/** So many timers in a row at one instant never end: what is tested does not let the time pass. */
const mostAtOnce = 5000

/** A clock that moves only when a test moves it. Timers fire in the order of their instants. */
export class ManualClock implements Clock {
  #now: number
  #elapsed = 0
  #order = 0
  #entries: Entry[] = []

  constructor(startAt: number | string = '2026-03-10T09:15:00Z') {
    this.#now = typeof startAt === 'number' ? startAt : Date.parse(startAt)
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed
  }

  at(instant: number, run: () => void): Timer {
    return this.#add({ due: instant, follows: 'wall', order: this.#order++, run })
  }

  after(ms: number, run: () => void): Timer {
    return this.#add({ due: this.#elapsed + ms, follows: 'elapsed', order: this.#order++, run })
  }

  /** Returns how many timers wait. */
  get waiting(): number {
    return this.#entries.length
  }

  /** When the next timer fires, or undefined. */
  get nextAt(): number | undefined {
    return this.#entries.length === 0
      ? undefined
      : Math.min(...this.#entries.map((entry) => this.#instantOf(entry)))
  }

  /** Lets `ms` pass. Timers that become due fire on the way, and what they start runs. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    let atOnce = 0
    for (let due = this.#nextDue(end); due !== undefined; due = this.#nextDue(end)) {
      this.#drop(due)
      const before = this.#now
      this.#moveTo(Math.max(this.#now, this.#instantOf(due)))
      atOnce = this.#now === before ? atOnce + 1 : 0
      if (atOnce > mostAtOnce) throw new Error('timers fire again and again, and no time passes')
      due.run()
      await settle()
    }
    this.#moveTo(end)
    await settle()
  }

  /** Steps the wall clock, as an operator or NTP does. Timers that are now due fire with the next advance. */
  step(ms: number): void {
    this.#now += ms
  }

  /** Lets `ms` pass for a process that does not run. Timers that became due fire with the next advance. */
  jump(ms: number): void {
    this.#moveTo(this.#now + ms)
  }

  #moveTo(instant: number): void {
    this.#elapsed += instant - this.#now
    this.#now = instant
  }

  #nextDue(end: number): Entry | undefined {
    return this.#entries
      .filter((entry) => this.#instantOf(entry) <= end)
      .toSorted((a, b) => this.#instantOf(a) - this.#instantOf(b) || a.order - b.order)[0]
  }

  #instantOf({ due, follows }: Entry): number {
    return follows === 'wall' ? due : this.#now + (due - this.#elapsed)
  }

  #add(entry: Entry): Timer {
    this.#entries.push(entry)
    return { cancel: () => this.#drop(entry) }
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry)
  }
}

/** Lets every callback that is ready run, I/O that has finished included. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
