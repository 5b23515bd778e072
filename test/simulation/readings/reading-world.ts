import { Events, type Step } from '../../../src/kernel/events.ts'
import { auditBook, imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { ReadingAggregate } from '../../../src/metering/reading.ts'
import type { UsageReport } from '../../../src/metering/report.ts'
import type { Store } from '../../../src/store/store.ts'
import { ModelAws } from '../../support/aws/model-aws.ts'
import { Lateness } from '../../support/ledger/late-ledger.ts'
import {
  endModelProcess,
  startModelProcess,
  type ModelProcess,
} from '../../support/ledger/model-process.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { ModelDisk } from '../../support/store/model-disk.ts'
import { SqliteDisk, type SimulatedDisk } from '../../support/store/sqlite-disk.ts'
import { Coverage } from '../coverage.ts'
import { Violation } from '../violation.ts'
import { CountingApplication } from './counting-application.ts'
import { plainBill, type BilledReading } from './plain-bill.ts'
import { aggregates, type NextOwner, type ReadingEvent } from './reading-event.ts'

const startedAt = Date.parse('2026-03-10T09:15:00Z')
const staleMs = 300_000
const sealDelayMs = 60_000
const microPerUnit = 1_000_000n

type Measured = Extract<ReadingEvent, { readonly do: 'measure' }>
type Death = Extract<ReadingEvent, { readonly do: 'die' }>

/** A sidecar whose application measures and counts, over a model of AWS; it dies, ends and changes hands. */
export class ReadingWorld {
  readonly coverage = new Coverage()
  readonly #clock = new ManualClock(startedAt)
  readonly #lateness = new Lateness()
  readonly #aws = new ModelAws(this.#clock, this.#lateness)
  readonly #sqlite: SqliteDisk | undefined
  readonly #disk: SimulatedDisk
  readonly #applications = new Map<string, CountingApplication>()
  readonly #readings: BilledReading[] = []
  /** Hours of tasks and pods that had begun when the book was closed or taken over. */
  readonly #begun = new Set<string>()
  /** Those of them that had readings of an integral, which became an amount then: in which part, of which tag sets. */
  readonly #closed = new Map<string, { readonly part: number; readonly tags: Set<string> }>()
  /** How often the book of a task or pod was closed, or taken over. */
  readonly #parts = new Map<string, number>()
  #owners = 1
  #resource = 'pod:0'
  #process: ModelProcess | undefined
  #store: Store | undefined
  #death: Death | undefined

  private constructor(store: 'sqlite' | undefined) {
    this.#sqlite = store === 'sqlite' ? new SqliteDisk(() => this.#clock.now()) : undefined
    this.#disk = this.#sqlite ?? new ModelDisk()
  }

  static async start(store: 'sqlite' | undefined): Promise<ReadingWorld> {
    const world = new ReadingWorld(store)
    await world.#start()
    return world
  }

  get hours(): number {
    return this.#clock.elapsed() / hourMs
  }

  async happen(event: ReadingEvent): Promise<void> {
    this.coverage.count(`event ${event.do}`)
    switch (event.do) {
      case 'measure':
        return this.#measure(event)
      case 'work':
        return this.#application.work(event.units)
      case 'read-page':
        return this.#readPage()
      case 'send':
        return this.#send(event.which)
      case 'restart-application':
        await this.#pass(20)
        return this.#application.restart(this.#clock.now())
      case 'pass':
        return this.#pass(event.seconds)
      case 'die':
        this.#death = event
        return
      case 'restart':
        return this.#restart(event)
    }
  }

  /** Lets all hours end, and compares what was billed with what the application measured and counted. */
  async finish(): Promise<void> {
    this.#death = undefined
    await this.#pass(0)
    await this.#readPage()
    await this.#send('now')
    await this.#pass(3 * 3600)
    await this.#stop(true)
    await this.#check()
  }

  async remove(): Promise<void> {
    await this.#sqlite?.remove()
  }

  get #application(): CountingApplication {
    const known = this.#applications.get(this.#resource)
    if (known !== undefined) return known
    const application = new CountingApplication(this.#clock.now())
    this.#applications.set(this.#resource, application)
    return application
  }

  async #measure({ aggregate, quantity, member, tags, secondsAgo }: Measured): Promise<void> {
    const at = Math.max(this.#clock.now() - secondsAgo * 1000, startedAt - hourMs)
    const report: UsageReport = {
      dimension: aggregate,
      quantity: aggregate === 'unique' ? microPerUnit : BigInt(quantity),
      ...(aggregate === 'unique' && { member }),
      tags,
      occurredAt: at,
      idempotencyKey: undefined,
    }
    // Whether such a reading counted before a death is in no later answer, because its hour is closed at once.
    const death = this.#isClosed(hourOf(at)) ? this.#death : undefined
    if (death !== undefined) this.#death = undefined
    const [receipt] = await this.#persist((process) =>
      process.book.report({ reports: [report], idempotencyKey: undefined }),
    )
    this.#death ??= death
    if (receipt === undefined) throw new Violation('threw', 'there is no receipt')
    const counted = receipt.counted !== false
    const reading = { aggregate, tags, quantity: report.quantity, member, at, counted }
    const resource = this.#resource
    const next = hourOf(at) + hourMs
    const reachesOn =
      !this.#isShut(resource, next, tags) &&
      !(this.#isOver(next) && this.#hasReadings(resource, next))
    if (!counted && (at === this.#clock.now() || !this.#isClosed(hourOf(at))))
      throw new Violation('lost', `a reading of ${aggregate} does not count in an open hour`)
    if (this.#isClosed(hourOf(at)))
      this.coverage.count(
        `reading of ${aggregate} in an hour that is over, ${counted ? '' : 'not '}counted`,
      )
    const earlier = this.#readings.some(
      (each) => each.aggregate === aggregate && each.resource === resource && each.at > at,
    )
    if (earlier && counted) this.coverage.count(`reading of ${aggregate} out of order`)
    if (aggregate === 'integral' && hourOf(at + staleMs) > hourOf(at))
      this.coverage.count("value that stands beyond its hour's end")
    const part = this.#parts.get(resource) ?? 0
    this.#readings.push({ ...reading, resource, part, standsUntil: Infinity, reachesOn })
    // Its hour is closed now.
    if (this.#isOver(hourOf(at))) await this.#pass(61)
  }

  async #readPage(): Promise<void> {
    const page = this.#application.page(this.#clock.now())
    await this.#persist((process) => process.book.countPage(page))
    this.#application.pageCounted()
  }

  async #send(which: 'now' | 'last' | 'first'): Promise<void> {
    const now = this.#clock.now()
    const batch = this.#application.batch(which, now)
    if (batch === undefined) return
    await this.#persist((process) => process.book.countStreams(batch))
    this.#application.sentCounted(batch, now)
  }

  /** Repeats until there is an answer, whatever dies meanwhile; no time passes. */
  async #persist<T>(attempt: (process: ModelProcess) => Promise<T>): Promise<T> {
    for (;;) {
      const process = this.#process
      if (process === undefined) throw new TypeError('no process runs')
      const state: { answer: { readonly value: T } | undefined; error: Error | undefined } = {
        answer: undefined,
        error: undefined,
      }
      void attempt(process).then(
        (value) => {
          if (!process.dead) state.answer = { value }
        },
        (error: unknown) => {
          state.error = error instanceof Error ? error : new Error(String(error))
        },
      )
      while (state.answer === undefined && !process.dead) {
        await settle(2)
        if (state.error !== undefined && !process.dead) throw state.error
      }
      if (state.answer !== undefined && !process.dead) return state.answer.value
      this.coverage.count('repeated after a death')
      // No time has passed: the application repeats to the same task or pod.
      await this.#revive('same')
    }
  }

  async #pass(seconds: number): Promise<void> {
    for (let left = seconds; left >= 0; left -= 3600) {
      await this.#clock.advance(Math.min(left, 3600) * 1000)
      await settle(12)
      const dead = this.#process?.dead === true
      if (dead) await this.#revive(this.#death?.next ?? 'same')
    }
    if (seconds >= 3 * 3600) this.coverage.count('hours that close without traffic')
  }

  async #restart({ flush, next }: Extract<ReadingEvent, { do: 'restart' }>): Promise<void> {
    if (this.#clock.now() % hourMs !== 0) this.coverage.count('restart in the middle of an hour')
    await this.#stop(flush)
    this.#hand(next)
    await this.#start()
  }

  /** SIGTERM. */
  async #stop(flush: boolean): Promise<void> {
    const process = this.#process
    if (process === undefined) return
    const state = { flushed: false }
    const flushing = process.submitter.flush(flush).finally(() => {
      state.flushed = true
    })
    for (let turn = 0; turn < 100 && !state.flushed && !process.dead; turn += 1) await settle(10)
    if (process.dead) {
      void flushing.catch(() => {})
      await this.#revive('same')
      return this.#stop(flush)
    }
    if (!state.flushed) throw new Violation('stuck', 'the end does not come')
    process.sender.stop()
    // At the end an hour that is over is closed at once.
    if (flush) this.#close(this.#resource)
    else this.#noteClosed(this.#resource, hourOf(this.#clock.now()) - 1)
    await this.#end(process)
  }

  async #revive(next: NextOwner): Promise<void> {
    const process = this.#process
    if (process !== undefined) await this.#end(process)
    this.#death = undefined
    this.#hand(next)
    await this.#start()
    await settle(12)
  }

  /** Decides who has the book next. What the one before it had open is closed when the next one opens it. */
  #hand(next: NextOwner): void {
    const before = this.#resource
    if (next === 'new') {
      this.#resource = `pod:${this.#owners}`
      this.#owners += 1
    } else if (next === 'earlier') this.#resource = 'pod:0'
    if (this.#resource === before) return
    this.coverage.count('book adopted')
    this.#close(before)
  }

  /** Every hour that has begun gives what was read so far, and no value stands any longer. */
  #close(resource: string): void {
    const now = this.#clock.now()
    this.#noteClosed(resource, now)
    this.#parts.set(resource, (this.#parts.get(resource) ?? 0) + 1)
    for (const reading of this.#readings)
      if (reading.resource === resource) reading.standsUntil = Math.min(reading.standsUntil, now)
  }

  #noteClosed(resource: string, until: number): void {
    for (let hour = hourOf(startedAt) - 6 * hourMs; hour <= until; hour += hourMs) {
      this.#begun.add(`${resource}|${hour}`)
      if (!this.#hasReadings(resource, hour)) continue
      const key = `${resource}|${hour}`
      const tags = this.#closed.get(key)?.tags ?? new Set()
      for (const each of this.#readingsIn(resource, hour)) tags.add(each.tags)
      this.#closed.set(key, { part: this.#parts.get(resource) ?? 0, tags })
    }
  }

  /** Whether an hour was closed to what reaches into it: until values of it open it again, those of its tag sets for good. */
  #isShut(resource: string, hour: number, tags: string): boolean {
    const closed = this.#closed.get(`${resource}|${hour}`)
    if (closed === undefined) return false
    return (
      closed.tags.has(tags) ||
      !this.#readingsIn(resource, hour).some(
        ({ at, part }) => part > closed.part && hourOf(at) === hour,
      )
    )
  }

  #isClosed(hour: number): boolean {
    return this.#begun.has(`${this.#resource}|${hour}`) || this.#isOver(hour)
  }

  #isOver(hour: number): boolean {
    return this.#clock.now() >= hour + hourMs + sealDelayMs
  }

  /** Whether values of `integral` lie in an hour, or reach into it. */
  #hasReadings(of: string, hour: number): boolean {
    return this.#readingsIn(of, hour).length > 0
  }

  #readingsIn(of: string, hour: number): BilledReading[] {
    return this.#readings.filter(
      ({ aggregate, resource, at, counted, reachesOn }) =>
        aggregate === 'integral' &&
        resource === of &&
        counted &&
        (hourOf(at) === hour || (reachesOn && at < hour && at + staleMs > hour)),
    )
  }

  async #end(process: ModelProcess): Promise<void> {
    this.#process = undefined
    await endModelProcess(process).catch(() => this.coverage.count('closing failed'))
  }

  async #start(): Promise<void> {
    const { coverage } = this
    const events = new Events()
    const resource = this.#resource
    const state: { process: ModelProcess | undefined } = { process: undefined }
    const store = await this.#disk.open(() =>
      events.emit('stepReached', { step: 'group-committed' }),
    )
    const process = await startModelProcess({
      store,
      resource,
      clock: this.#clock,
      events,
      meaningOf: (dimension) => ({
        productCode: 'product',
        divisor: 1n,
        ...(aggregates.some((name) => name === dimension) && {
          aggregate: dimension as ReadingAggregate,
        }),
      }),
      readings: { maxReadings: 10_000, newSecret: () => 'secret' },
      lateness: this.#lateness,
      isMovedFirst: () => false,
      apiFor: (reaches) => this.#aws.apiFor(resource, reaches),
      hasLeft: () => false,
      lateUsage: 'carry',
      zeroRecords: false,
      onFatal: (error) => {
        if (state.process?.dead !== true) throw error
      },
    })
    state.process = process
    events.on('stepReached', ({ step }) => this.#atStep(step, process))
    events.on('readingsCounted', ({ dimension }) => coverage.count(`hour of ${dimension} closed`))
    events.on('countersRead', ({ counted }) => {
      for (const { dimension, outcome } of counted) coverage.count(`${dimension} ${outcome}`)
    })
    this.#process = process
    this.#store = store
    await settle(12)
    void this.#application
  }

  #atStep(step: Step, process: ModelProcess): void {
    const death = this.#death
    if (process.dead || process !== this.#process || death?.at !== step) return
    process.dead = true
    if (death.power) this.#disk.crash()
    else this.#disk.endProcess()
    this.coverage.count(`${death.power ? 'power cut' : 'death'} at ${step}`)
  }

  async #check(): Promise<void> {
    const store = this.#store
    if (store === undefined) throw new TypeError('no store is open')
    const balances = auditBook(await store.accountSums())
    for (const { dimension, imbalance } of imbalancesOf(balances))
      throw new Violation('imbalance', `${imbalance} of ${dimension}`)
    const bill = new Map<string, bigint>(plainBill(this.#readings, staleMs))
    const counted = (of: 'scans' | 'calls') =>
      [...this.#applications.values()].reduce((sum, each) => sum + each.counted[of], 0n)
    bill.set('scans', counted('scans') * microPerUnit).set('calls', counted('calls') * microPerUnit)
    const { readings, fractions, pending, open } = await store.usage(this.#clock.now())
    if (readings.length + pending.length + open.length > 0)
      throw new Violation('stuck', JSON.stringify({ readings, open: open.length }, textOf))
    for (const [dimension, expected] of bill) {
      const sent = [...this.#aws.entries.values()].filter((entry) => entry.dimension === dimension)
      const billed = sent.reduce((sum, { quantity }) => sum + quantity, 0n)
      const fraction = fractions
        .filter((each) => each.dimension === dimension)
        .reduce((sum, { quantity }) => sum + quantity, 0n)
      const found = billed + fraction
      if (found < expected) throw new Violation('lost', `${expected - found} of ${dimension}`)
      if (found > expected)
        throw new Violation('counted-twice', `${found - expected} of ${dimension}`)
    }
  }
}

function textOf(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
