import { sealableBefore } from '../metering/hour.ts'
import { planSeal, type SealRules } from '../metering/seal.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hourMs, hourOf } from '../metering/hour.ts'
import type { Log } from '../kernel/log.ts'
import type { Channel } from './channel.ts'
import { FailureReminders } from './failure-reminders.ts'
import type { Sender } from './sender.ts'

export interface SubmitterOptions {
  readonly ledger: Pick<Ledger, 'hasOpenBefore' | 'seal' | 'prune' | 'owner'>
  readonly channel: Channel
  readonly sender: Sender
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  readonly dimensions: readonly { readonly name: string }[]
  /** The tag set of what has none, in a record that has tagged usage too. */
  readonly untaggedAs?: SealRules['untaggedAs']
  readonly sealDelayMs: number
  readonly zeroRecords: boolean
}

/** Seals hours that are over and has them sent; everything it does is safe to do again. */
export class Submitter {
  readonly #options: SubmitterOptions
  readonly #rules: SealRules
  readonly #reminders = new FailureReminders()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(options: SubmitterOptions) {
    const { channel, events, zeroRecords, untaggedAs } = options
    this.#options = options
    this.#rules = {
      zeroRecords,
      untaggedAs,
      clientTokenOf: (resource, content) => channel.clientTokenOf(resource, content),
      onFolded: (dimension, reports) => events.emit('tagSetsOverflowed', { dimension, reports }),
    }
  }

  /** When usage of hours that are over is sealed next, ms; undefined when that is at the next hour's end. */
  get nextSealAt(): number | undefined {
    return Number.isFinite(this.#timerAt) ? this.#timerAt : undefined
  }

  /** Seals what is due, at an hour's end and at the start, or waits for the seal delay. */
  async tick(): Promise<void> {
    const { clock, sealDelayMs } = this.#options
    const now = clock.now()
    const sealAt = hourOf(now) + sealDelayMs
    await this.#sealDue()
    if (now < sealAt) this.#wakeAt(sealAt)
  }

  /** Has usage of an hour that is over sealed after the delay, without waiting for the end of this hour. */
  usageArrived(hour: number): void {
    const { clock, sealDelayMs } = this.#options
    const now = clock.now()
    if (hour < sealableBefore(now, sealDelayMs)) this.#wakeAt(now + sealDelayMs)
  }

  /** Seals at the end, the open hour too if `includeOpenHour`, and sends until nothing is left to send. */
  async flush(includeOpenHour: boolean): Promise<void> {
    const { clock, sender } = this.#options
    this.stop()
    const now = clock.now()
    await this.#seal(includeOpenHour ? hourOf(now) + hourMs : this.#dueBefore(now))
    await sender.flush()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #dueBefore(now: number): number {
    return sealableBefore(now, this.#options.sealDelayMs)
  }

  #wakeAt(instant: number): void {
    if (this.#stopped || instant >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = instant
    this.#timer = this.#options.clock.at(instant, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      // A whole tick: an earlier wake replaces a later one, which has to be set again.
      void this.tick()
    })
  }

  async #sealDue(): Promise<void> {
    const { clock, ledger, sender, log } = this.#options
    const now = clock.now()
    try {
      await this.#seal(this.#dueBefore(now))
      await ledger.prune()
      this.#reminders.forget('sealing')
      sender.wake()
    } catch (error) {
      if (this.#stopped) return
      const why = messageOf(error)
      if (this.#reminders.isDue('sealing', why, now))
        log('seal.failed', `Sealing failed and is tried again: ${why}`)
      this.#wakeAt(now + 60_000)
    }
  }

  async #seal(before: number): Promise<void> {
    const { ledger, clock } = this.#options
    const now = clock.now()
    const zeroHours = this.#options.zeroRecords ? this.#zeroHours(now) : []
    if (zeroHours.length === 0 && !(await ledger.hasOpenBefore(before))) return
    await ledger.seal({ before, now, plan: (input) => planSeal(input, this.#rules), zeroHours })
  }

  /** The hours that are over since the first start, as far back as AWS accepts a record whose hour is whole. */
  #zeroHours(now: number): { dimension: string; hour: number }[] {
    const { ledger, channel } = this.#options
    const before = this.#dueBefore(now)
    const first = Math.max(hourOf(ledger.owner.firstSeenAt), before - (channel.windowMs - hourMs))
    const hours = Array.from(
      { length: Math.max(0, (before - first) / hourMs) },
      (_, index) => first + index * hourMs,
    )
    return this.#options.dimensions.flatMap(({ name }) =>
      hours.map((hour) => ({ dimension: name, hour })),
    )
  }
}
