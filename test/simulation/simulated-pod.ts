import { AwsClock } from '../../src/aws/aws-clock.ts'
import { Events, type Step } from '../../src/kernel/events.ts'
import { SidecarError } from '../../src/kernel/errors.ts'
import { operate } from '../../src/ledger/decisions/operate.ts'
import { releaseHeld } from '../../src/ledger/decisions/release-held.ts'
import { reopenRefused } from '../../src/ledger/decisions/reopen-record.ts'
import { writeOffRecord, writeOffUsage } from '../../src/ledger/decisions/write-off.ts'
import {
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../src/ledger/decisions/operator-actions.ts'
import type { Page } from '../../src/ledger/page/page.ts'
import { awsLimits } from '../../src/metering/aws-limits.ts'
import type { LateUsagePolicy, MeteringRecord } from '../../src/metering/record/record.ts'
import type { UsageRequest } from '../../src/metering/report.ts'
import type { Store } from '../../src/store/store.ts'
import { ModelAws } from '../support/aws/model-aws.ts'
import { modelRegion } from '../support/aws/model-batch.ts'
import { Lateness } from '../support/ledger/late-ledger.ts'
import {
  endModelProcess,
  startModelProcess,
  type ModelProcess,
} from '../support/ledger/model-process.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { ModelDisk } from '../support/store/model-disk.ts'
import { SqliteDisk, type SimulatedDisk } from '../support/store/sqlite-disk.ts'
import { Coverage } from './coverage.ts'
import type { NextOwner, SimulationEvent } from './event.ts'
import type { Checked } from './invariants.ts'
import { SimulatedApplication } from './simulated-application.ts'
import { SimulatedCustomers, simulatedCustomers } from './simulated-customers.ts'

type Death = Extract<SimulationEvent, { readonly do: 'die' }>

export interface PodOptions {
  readonly lateUsage: LateUsagePolicy
  readonly zeroRecords: boolean
  /** What an hour of a dimension may hold, in millionths: more of it waits for an operator. */
  readonly mostPerHour?: string
  /** False for a store that trusts the system's cache when it opens. */
  readonly rewritesOnOpen: boolean
  /** Of a product whose customers are billed, not the buyer who runs it. */
  readonly customers?: boolean
  /** The model in memory, where it is not the real one on files. */
  readonly store?: 'sqlite' | undefined
}

const minuteMs = 60_000
const startsAt = { buyer: '2026-03-10T09:15:00Z', customers: '2026-03-31T09:15:00Z' }

/** A sidecar over one of the stores and the model of AWS, with everything that can go wrong around it. */
export class SimulatedPod {
  readonly #startedAt: number
  readonly clock: ManualClock
  readonly coverage = new Coverage()
  readonly application = new SimulatedApplication(this.coverage)
  readonly #customers: SimulatedCustomers | undefined
  readonly disk: SimulatedDisk
  readonly #sqlite: SqliteDisk | undefined
  readonly #lateness = new Lateness()
  readonly aws = new ModelAws({ now: () => this.now }, this.#lateness)
  /** AWS's time when a record was moved because AWS had called it too late, by id. */
  readonly givenUp = new Map<number, number>()
  readonly #options: PodOptions
  readonly #mostPerHour: bigint | undefined
  /** How many tasks and pods have opened the book. */
  #owners = 1
  #resource = 'pod:0'
  #next: NextOwner = 'same'
  #divisor = 1000n
  #process: ModelProcess | undefined
  #store: Store | undefined
  #death: (Death & { left: number }) | undefined
  #requestLeft = false
  #moves = 0
  #keys = 0
  #answers = 0

  private constructor(options: PodOptions) {
    this.#options = options
    this.#startedAt = Date.parse(options.customers ? startsAt.customers : startsAt.buyer)
    this.clock = new ManualClock(this.#startedAt)
    if (options.customers) {
      this.#customers = new SimulatedCustomers(this.coverage)
      this.#resource = `saas:product:${modelRegion}`
    }
    this.#mostPerHour = options.mostPerHour === undefined ? undefined : BigInt(options.mostPerHour)
    this.#sqlite = options.store === 'sqlite' ? new SqliteDisk(() => this.now) : undefined
    this.disk = this.#sqlite ?? new ModelDisk(options)
  }

  static async start(options: PodOptions): Promise<SimulatedPod> {
    const pod = new SimulatedPod(options)
    await pod.#start()
    return pod
  }

  /** The true time, which is AWS's. */
  get now(): number {
    return this.#startedAt + this.clock.elapsed()
  }

  get resource(): string {
    return this.#resource
  }

  get checked(): Checked {
    const { aws, application, now } = this
    if (this.#store === undefined) throw new Error('no store is open')
    const { givenUp } = this
    return { store: this.#store, aws, application, customers: this.#customers, givenUp, now }
  }

  /** Lets an event happen, and what follows from it. */
  async happen(event: SimulationEvent): Promise<void> {
    this.coverage.count(`event ${event.do}`)
    await this.#do(event)
    if (this.#process?.dead === true) await this.#revive()
  }

  /** Lets time pass. A process that dies on the way starts again within the hour, and the application repeats. */
  async pass(minutes: number): Promise<void> {
    for (let left = minutes; left >= 0; left -= 60) {
      await this.clock.advance(Math.min(left, 60) * minuteMs)
      await settle(20)
      if (this.#process?.dead === true) await this.#revive()
      if (this.application.unanswered > 0) await this.send()
    }
  }

  /** Lets no time pass until the sender has nothing to do. */
  async idle(): Promise<void> {
    for (let before = -1; before !== this.#answers; await settle(60)) before = this.#answers
  }

  /** The application sends what has no answer. */
  async send(): Promise<void> {
    const process = this.#process
    const sending = this.application.send((request) => this.#report(process, request), this.now)
    await settle(12)
    await sending
    if (this.#process?.dead === true) await this.#revive()
  }

  /** Nothing is late or goes wrong from now on, and the clock is right. */
  async calmDown(): Promise<void> {
    this.#moves = 0
    this.#death = undefined
    this.#lateness.clear()
    this.aws.clearUp()
    this.disk.heal()
    this.#setClock(0)
    await this.pass(0)
  }

  /** SIGTERM: what the sidecar does until it has closed the book. The store stays readable. */
  async stop(flush: boolean): Promise<void> {
    const process = this.#process
    if (process === undefined) return
    const state = { flushed: false }
    const flushing = process.submitter
      .flush(flush)
      .catch((error: unknown) => this.coverage.count(`flush at the end: ${nameOf(error)}`))
      .finally(() => {
        state.flushed = true
      })
    // The deadline is 25 seconds.
    for (let second = 0; second < 25 && !state.flushed && !process.dead; second += 1) {
      await this.idle()
      if (!state.flushed) await this.clock.advance(1000)
    }
    process.sender.stop()
    await flushing
    if (process.dead) return this.#revive()
    await this.#end(process)
  }

  async startAgain(): Promise<void> {
    if (this.#process === undefined) await this.#start()
  }

  async #do(event: SimulationEvent): Promise<void> {
    switch (event.do) {
      case 'report':
        this.application.add(this.#requestOf(event))
        return this.send()
      case 'repeat':
        return this.#repeat(event.back)
      case 'pass':
        return this.pass(event.minutes)
      case 'weather':
        return this.aws.forecast(...event.of)
      case 'outage':
        return this.aws.setIn(event.weather, this.now + event.minutes * minuteMs)
      case 'late-answers':
        return this.#lateness.plan(...event.turns)
      case 'move-first':
        this.#moves += event.times
        return
      case 'set-clock':
        this.#setClock(event.minutes * minuteMs)
        return this.pass(0)
      case 'fail-flush':
        return this.disk.failFlushes(event.times)
      case 'fail-writes':
        return this.disk.failWrites(...event.codes)
      case 'die':
        this.#death = { ...event, left: event.countdown }
        if (event.at === 'now' && this.#process !== undefined) this.#die(this.#process, event)
        return
      case 'restart':
        await this.stop(event.flush)
        this.#next = event.next
        this.#divisor = BigInt(event.divisor)
        return this.startAgain()
      case 'resolve':
        return this.#resolve()
      case 'retry':
      case 'reopen':
      case 'void-record':
        return this.#decideOnRefused(event.do)
      case 'release':
        return this.#release()
      case 'void-usage':
        return this.#operate('void usage', (page) =>
          writeOffUsage(
            page,
            {
              dimension: event.dimension,
              quantity: BigInt(event.quantity),
              tags: undefined,
              customer: event.customer ?? '',
              reason: 'a simulated operator',
            },
            this.clock.now(),
          ),
        )
      case 'register':
      case 'end-licence':
        return this.#changeCustomer(event)
      case 'subscribe':
        return this.aws.batches.subscribe(
          simulatedCustomers.get(event.customer) ?? '',
          event.subscribed,
        )
    }
  }

  #requestOf(event: Extract<SimulationEvent, { readonly do: 'report' }>): UsageRequest {
    const { dimension, customer, quantity, tags, minutesAgo, key, copies } = event
    const occurredAt =
      minutesAgo === undefined ? undefined : this.clock.now() - minutesAgo * minuteMs
    const newKey = () => `key-${(this.#keys += 1)}`
    const reports = Array.from({ length: copies }, () => ({
      dimension,
      ...(customer !== undefined && { customer }),
      quantity: BigInt(quantity),
      tags,
      occurredAt,
      idempotencyKey: key === 'report' ? newKey() : undefined,
    }))
    return { reports, idempotencyKey: key === 'request' ? newKey() : undefined }
  }

  async #repeat(back: number): Promise<void> {
    const process = this.#process
    const repeating = this.application.repeat(
      back,
      (request) => this.#report(process, request),
      this.now,
    )
    await settle(12)
    await repeating
  }

  async #changeCustomer(
    event: Extract<SimulationEvent, { readonly do: 'register' | 'end-licence' }>,
  ): Promise<void> {
    const changing = this.#customers?.change(event.do, event.customer, this.#process)
    await settle(12)
    await changing
  }

  /** Undefined when the process died before the answer left it. */
  async #report(process: ModelProcess | undefined, request: UsageRequest) {
    const answer = process?.book.report(request)
    try {
      const receipts = await answer
      return process?.dead === true ? undefined : receipts
    } catch (error) {
      // A process that dies of a failed flush answers first that it does not know.
      if (process?.dead === true && nameOf(error) !== 'LedgerFailed') return undefined
      throw error
    }
  }

  #setClock(offset: number): void {
    const step = this.now + offset - this.clock.now()
    this.clock.step(step)
  }

  async #resolve(): Promise<void> {
    const record = await this.#find(({ state }) => state === 'unresolved')
    if (record === undefined) return
    const { id, slot, dimension, hour, quantity } = record
    const entry = this.aws.entries.get(`${slot.holder}|${dimension}|${hour}`)
    const delivered = entry?.ours === true && entry.quantity === quantity
    const now = this.clock.now()
    // Nothing else has the record, and this operator knows that AWS does not.
    await this.#operate(delivered ? 'resolve as delivered' : 'resolve with resend', (page) =>
      delivered ? resolveDelivered(page, id, now) : resolveResend(page, id, now, true),
    )
  }

  async #decideOnRefused(what: 'retry' | 'reopen' | 'void-record'): Promise<void> {
    const record = await this.#find(({ state }) => state === 'refused')
    if (record === undefined) return
    const now = this.clock.now()
    const today = { productCode: 'product', dimensionOf: (dimension: string) => dimension }
    await this.#operate(what, (page) => {
      if (what === 'retry') retryRefused(page, record.id)
      else if (what === 'reopen') reopenRefused(page, record.id, now, today)
      else writeOffRecord(page, record.id, 'a simulated operator', now)
    })
  }

  async #release(): Promise<void> {
    const { held = [] } = (await this.#store?.usage(this.clock.now())) ?? {}
    const [first] = held
    if (first === undefined) return
    await this.#operate('release', (page) =>
      releaseHeld(page, first.id, this.clock.now(), (dimension) => this.#meaningOf(dimension)),
    )
  }

  #meaningOf(dimension: string) {
    return { productCode: 'product', divisor: dimension === 'storage' ? this.#divisor : 1n }
  }

  async #operate(what: string, action: (page: Page) => unknown): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    try {
      const change: Parameters<typeof operate>[0] = async (decide) => {
        await store.transact(decide)
        await store.flush()
      }
      await operate(change, 3, action)
      this.coverage.count(`operator: ${what}`)
    } catch (error) {
      this.coverage.count(`operator: ${what} failed with ${nameOf(error)}`)
      // A command that fails in its flush leaves the sidecar on a cache that it cannot trust.
      if (!(error instanceof SidecarError) && this.#process !== undefined)
        this.#die(this.#process, { power: false, requestArrives: false, next: 'same', at: 'now' })
    }
  }

  async #find(wanted: (record: MeteringRecord) => boolean): Promise<MeteringRecord | undefined> {
    const all = { since: undefined, until: undefined, dimension: undefined }
    for await (const record of this.#store?.records(all) ?? []) if (wanted(record)) return record
    return undefined
  }

  async #revive(): Promise<void> {
    const process = this.#process
    if (process !== undefined) await this.#end(process)
    await this.#start()
    await settle(20)
  }

  async #end(process: ModelProcess): Promise<void> {
    this.#process = undefined
    await endModelProcess(process).catch((error: unknown) =>
      this.coverage.count(`closing: ${nameOf(error)}`),
    )
  }

  async #start(): Promise<void> {
    await this.#waitForPlatform()
    this.#nameOwner()
    for (let attempt = 1; this.#process === undefined; attempt += 1) {
      try {
        await this.#startOnce()
      } catch (error) {
        this.coverage.count(`start failed: ${nameOf(error)}`)
        if (attempt === 20) throw error
      }
    }
  }

  async #startOnce(): Promise<void> {
    const { clock } = this
    const resource = this.#resource
    const events = new Events()
    const awsTime = new AwsClock(clock)
    const state: { process: ModelProcess | undefined } = { process: undefined }
    const store = await this.disk.open(() =>
      events.emit('stepReached', { step: 'group-committed' }),
    )
    const process = await startModelProcess({
      ...this.#options,
      store,
      resource,
      customers: this.#options.customers
        ? { form: 'account', region: modelRegion, lateUsage: this.#options.lateUsage }
        : undefined,
      clock,
      awsTime,
      events,
      meaningOf: (dimension) => this.#meaningOf(dimension),
      maxPerHour: () => this.#mostPerHour,
      lateness: this.#lateness,
      isMovedFirst: () => this.#takeMove(),
      apiFor: (reaches) =>
        this.aws.apiFor(resource, reaches, (date) =>
          // A Date header counts seconds, and the call took no time.
          awsTime.learn(Math.floor(date / 1000) * 1000, clock.elapsed()),
        ),
      hasLeft: () => this.#takeRequest(),
      onFatal: () => {
        this.coverage.count('the ledger failed')
        if (state.process !== undefined)
          this.#die(state.process, { power: false, requestArrives: false, next: 'same', at: 'now' })
      },
    })
    state.process = process
    if (process.ledger.owner.adoptedFrom !== undefined) this.coverage.count('book adopted')
    events.on('stepReached', ({ step }) => this.#atStep(step, process))
    events.on('recordAttempted', ({ outcome, code }) => {
      this.#answers += 1
      this.coverage.count(`answer ${outcome}`)
      if (this.#customers !== undefined && code !== undefined) this.coverage.count(`code ${code}`)
    })
    events.on('recordSealed', ({ quantity }) => {
      if (quantity < awsLimits.quantity) return
      this.coverage.count('record as large as AWS accepts')
    })
    events.on('recordMoved', ({ id, code }) => {
      if (code === 'TimestampOutOfBoundsException') this.givenUp.set(id, this.now)
      this.coverage.count(`moved: ${code}`)
    })
    events.on('usageHeld', ({ reason }) => this.coverage.count(`held: ${reason}`))
    events.on('tagSetsOverflowed', () => this.coverage.count('too many tag sets'))
    this.#process = process
    this.#store = store
  }

  /** Deletes what the pod has on a real disk. */
  async remove(): Promise<void> {
    await this.#sqlite?.remove()
  }

  /** Decides whose the book is at this start. */
  #nameOwner(): void {
    if (this.#next === 'new') {
      this.#resource = `pod:${this.#owners}`
      this.#owners += 1
    } else if (this.#next === 'earlier') this.#resource = 'pod:0'
    this.#next = 'same'
  }

  /** While the platform does not say who this is, the sidecar answers without a book. */
  async #waitForPlatform(): Promise<void> {
    if (this.#next !== 'unknown') return
    this.#next = 'same'
    this.coverage.count('start without an identity')
    const refused = new SidecarError('PlatformUnknown', 'the platform does not answer')
    await this.application.send(() => Promise.reject(refused), this.now)
  }

  #atStep(step: Step, process: ModelProcess): void {
    const death = this.#death
    if (process.dead || process !== this.#process || death?.at !== step) return
    death.left -= 1
    if (death.left > 0) return
    this.#requestLeft = step === 'send-started' && death.requestArrives
    this.#die(process, death)
  }

  #die(process: ModelProcess, { at, power, next }: Omit<Death, 'do' | 'countdown'>): void {
    if (process.dead) return
    this.#death = undefined
    process.dead = true
    this.#next = next
    if (power) this.disk.crash()
    else this.disk.endProcess()
    this.coverage.count(`${power ? 'power cut' : 'death'} at ${at}`)
  }

  #takeRequest(): boolean {
    const left = this.#requestLeft
    this.#requestLeft = false
    return left
  }

  #takeMove(): boolean {
    if (this.#moves === 0) return false
    this.#moves -= 1
    return true
  }
}

function nameOf(error: unknown): string {
  if (error instanceof SidecarError) return error.code
  return error instanceof Error ? error.message.slice(0, 40) : String(error)
}
