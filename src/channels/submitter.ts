import type { AwsClock } from '../aws/aws-clock.ts'
import type { FractionRule } from '../metering/amount.ts'
import { hourMs, hourOf } from '../metering/hour.ts'
import { planSeal, type SealRules } from '../metering/record/seal.ts'
import { sealableBefore } from '../metering/record/seal-time.ts'
import { sleep, type Clock, type Timer } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { aheadLimitMs } from '../ledger/reporting/check-reports.ts'
import type { Log } from '../kernel/log.ts'
import type { Channel } from './channel.ts'
import { FailureReminders } from './failure-reminders.ts'
import { pendingFrom } from './pending-from.ts'
import type { Sender } from './sender.ts'

export interface SubmitterOptions {
  readonly ledger: Pick<Ledger, 'hasOpenBefore' | 'pendingRecords' | 'seal' | 'prune' | 'owner'>
  readonly channel: Channel
  readonly sender: Sender
  readonly clock: Clock
  /** What is known of AWS's time; `clock` follows it. */
  readonly awsTime?: Pick<AwsClock, 'isKnown' | 'doubtfulForMs'> | undefined
  readonly events: Events
  readonly log: Log
  /** `from` where a source asks for the usage by itself. */
  readonly dimensions: readonly {
    readonly name: string
    readonly from?: unknown
    readonly fractions?: FractionRule | undefined
  }[]
  /** Whether the source of a dimension was heard in an hour, so that no usage means zero. */
  readonly wasHeard: (dimension: string, hour: number) => boolean
  /** The tag set of what has none, in a record that has tagged usage too. */
  readonly untaggedAs?: SealRules['untaggedAs']
  readonly sealDelayMs: number
  readonly zeroRecords: boolean
}

/** How long sealing that failed waits: a minute, and at the end as long as another process may hold the book. */
const sealAgainMs = 60_000
const sealAgainAtTheEndMs = 250

/** How soon usage is sealed that comes after the licence of its customer has ended. */
const lookForEndedMs = 60_000

const endOfTime = Number.MAX_SAFE_INTEGER

/** Seals hours that are over and has them sent; everything it does is safe to do again. */
export class Submitter {
  readonly #options: SubmitterOptions
  readonly #rules: SealRules
  readonly #reminders = new FailureReminders()
  #timer: Timer | undefined
  /** On `elapsed`. */
  #timerAt = Number.POSITIVE_INFINITY
  #stopped = false
  /** What the end seals; undefined before it begins. */
  #end: { readonly includeOpenHour: boolean } | undefined
  /** Records that were sealed at the end. */
  #sealedAtTheEnd = 0

  constructor(options: SubmitterOptions) {
    const { channel, events, zeroRecords, untaggedAs, dimensions } = options
    const sent = new Set(
      dimensions.filter(({ fractions }) => fractions === 'send').map(({ name }) => name),
    )
    this.#options = options
    this.#rules = {
      zeroRecords,
      untaggedAs,
      formOf: (dimension) => (sent.has(dimension) ? 'decimal' : 'whole'),
      clientTokenOf: (resource, content) => channel.clientTokenOf(resource, content),
      onFolded: (dimension, reports) => events.emit('tagSetsOverflowed', { dimension, reports }),
    }
  }

  /** When usage of hours that are over is sealed next, ms; undefined when that is at the next hour's end. */
  get nextSealAt(): number | undefined {
    const { clock } = this.#options
    if (!Number.isFinite(this.#timerAt)) return undefined
    return Math.round(clock.now() + this.#timerAt - clock.elapsed())
  }

  /** Seals what is due, at an hour's end and at the start, or waits for the seal delay. */
  async tick(): Promise<void> {
    const { clock, sealDelayMs } = this.#options
    const now = clock.now()
    const sealAt = hourOf(now) + sealDelayMs
    await this.#sealDue({ prunes: true })
    // Time has passed: the book was asked, and a slow disk takes its time.
    if (now < sealAt) this.#wakeAfter(Math.max(0, sealAt - clock.now()))
  }

  /** Has usage of an hour that is over sealed after the delay, or at once at the end. */
  usageArrived(hour: number): void {
    const { channel, clock, sealDelayMs } = this.#options
    if (this.#end !== undefined) void this.#sealAtTheEnd()
    else if (hour < this.#dueBefore(clock.now())) this.#wakeAfter(sealDelayMs)
    if (channel.sharesHours) this.#wakeAfter(lookForEndedMs)
  }

  /**
   * Seals at the end, the open hour too if `includeOpenHour`, and sends, and again for usage that a
   * record gives back meanwhile. Resolves when nothing is left that could be sealed or sent, or when the
   * sender is stopped. What the book does not store yet is tried again until then.
   */
  async flush(includeOpenHour: boolean): Promise<void> {
    const { clock, ledger, sender } = this.#options
    this.stop()
    this.#end = { includeOpenHour }
    for (;;) {
      const sealed = await this.#sealAtTheEnd()
      const sealedSoFar = this.#sealedAtTheEnd
      const sent = sender.flush()
      if (sealed) await sent
      else await sleep(clock, sealAgainAtTheEndMs, sender.stopped)
      if (sender.stopped.aborted) return
      const before = this.#endsBefore()
      const isLeft = await ledger
        .hasOpenBefore(before, before, this.#dueBefore(clock.now()))
        .catch(() => true)
      if (sealed && !isLeft && this.#sealedAtTheEnd === sealedSoFar) return
    }
  }

  /** Seals what is due although no hour ends now: the task or pod that was to seal what all share is gone. */
  async lookAgain(): Promise<void> {
    // Each of many looks every few seconds: none of them has to write.
    if (!this.#stopped) await this.#sealDue({ prunes: false })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** Hours that start before this instant are sealed at the end: no usage comes any more. */
  #endsBefore(): number {
    const { channel, clock } = this.#options
    if (channel.sharesHours) return this.#dueBefore(clock.now())
    const hour = hourOf(clock.now())
    return this.#end?.includeOpenHour === true ? hour + hourMs : hour
  }

  /** Returns whether the book stored it. */
  async #sealAtTheEnd(): Promise<boolean> {
    const { clock, log, sender } = this.#options
    try {
      const aheadMs = this.#end?.includeOpenHour === true ? 0 : undefined
      this.#sealedAtTheEnd += await this.#seal(this.#endsBefore(), aheadMs)
      return true
    } catch (error) {
      const why = messageOf(error)
      if (!sender.stopped.aborted && this.#reminders.isDue('end', why, clock.elapsed()))
        log('seal.failed', `Sealing at the end failed, and the sidecar tries again: ${why}`)
      return false
    } finally {
      sender.wake()
    }
  }

  #dueBefore(now: number): number {
    const { sealDelayMs, channel } = this.#options
    return sealableBefore(now, sealDelayMs, channel.window)
  }

  #wakeAfter(ms: number): void {
    const { clock } = this.#options
    const at = clock.elapsed() + ms
    if (this.#stopped || at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = clock.after(ms, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      // A whole tick: an earlier wake replaces a later one, which has to be set again.
      void this.tick()
    })
  }

  async #sealDue({ prunes }: { readonly prunes: boolean }): Promise<void> {
    const { clock, ledger, sender, log, awsTime } = this.#options
    const now = clock.now()
    try {
      await this.#seal(this.#dueBefore(now), awsTime?.isKnown === true ? aheadLimitMs : undefined)
      if (prunes && awsTime?.isKnown !== false) await ledger.prune(awsTime?.doubtfulForMs)
      this.#reminders.forget('sealing')
    } catch (error) {
      if (this.#stopped) return
      const why = messageOf(error)
      if (this.#reminders.isDue('sealing', why, clock.elapsed()))
        log('seal.failed', `Sealing failed, and the sidecar tries again: ${why}`)
      this.#wakeAfter(sealAgainMs)
    } finally {
      // What was sealed before can be sent, whatever the disk does now.
      sender.wake()
    }
  }

  /**
   * Returns how many records it made. Usage of hours that begin more than `aheadMs` from now goes back to the
   * hour of now; it stays where that is undefined.
   */
  async #seal(before: number, aheadMs: number | undefined): Promise<number> {
    const { ledger, clock, zeroRecords } = this.#options
    const now = clock.now()
    const zeroHours = zeroRecords ? this.#zeroHours(before) : []
    // The licence of a customer has ended: AWS accepts the last records for about an hour from then.
    const endedBefore = Math.max(before, hourOf(now) + hourMs)
    // While another task or pod lives, usage that all share waits for what the others report.
    const sharedBefore = this.#dueBefore(now)
    const isDue =
      zeroHours.length > 0 || (await ledger.hasOpenBefore(before, endedBefore, sharedBefore))
    if (!isDue && !(await this.#isAhead(aheadMs))) return 0
    // The book was read, which may take long: hours have begun since then.
    const then = clock.now()
    const plan = (input: Parameters<typeof planSeal>[0]) => planSeal(input, this.#rules)
    const foldAfter = aheadMs === undefined ? undefined : then + aheadMs
    const due = { before, endedBefore, sharedBefore, now: then, foldAfter, plan, zeroHours }
    let sealed = 0
    for await (const _ of ledger.seal(due)) sealed += 1
    return sealed
  }

  /** Whether usage lies in hours that start more than this from now: in records, or open and nowhere else. */
  async #isAhead(aheadMs: number | undefined): Promise<boolean> {
    const { ledger, clock } = this.#options
    if (aheadMs === undefined) return false
    const instant = clock.now() + aheadMs
    for await (const pending of pendingFrom(ledger, instant + 1))
      if (pending.some(({ state }) => state === 'sealed')) return true
    if (await ledger.hasOpenBefore(instant + 1)) return false
    return ledger.hasOpenBefore(endOfTime)
  }

  /** The hours that are over since the first start, as far back as AWS accepts a record whose hour is whole. */
  #zeroHours(end: number): { dimension: string; hour: number }[] {
    const { ledger, channel, clock } = this.#options
    const before = Math.min(end, hourOf(clock.now()))
    const first = Math.max(
      hourOf(ledger.owner.firstSeenAt),
      before - (channel.window.longestMs - hourMs),
    )
    const hours = Array.from(
      { length: Math.max(0, (before - first) / hourMs) },
      (_, index) => first + index * hourMs,
    )
    const { dimensions, wasHeard } = this.#options
    return dimensions.flatMap(({ name, from }) =>
      hours
        .filter((hour) => from === undefined || wasHeard(name, hour))
        .map((hour) => ({ dimension: name, hour })),
    )
  }
}
