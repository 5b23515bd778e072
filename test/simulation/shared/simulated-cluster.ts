import { SidecarError } from '../../../src/kernel/errors.ts'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import {
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../../src/ledger/decisions/operator-actions.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { Chance } from '../../kill/chance.ts'
import { ModelAws } from '../../support/aws/model-aws.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { Coverage } from '../coverage.ts'
import type { Checked } from '../invariants.ts'
import { SimulatedApplication, type Answerer } from '../simulated-application.ts'
import { SimulatedCustomers, simulatedCustomers } from '../simulated-customers.ts'
import { ModelConnection } from './model-connection.ts'
import { ModelDatabase } from './model-database.ts'
import type { SharedEvent } from './shared-event.ts'
import { SharedModelStore } from './shared-model-store.ts'
import { measuredDimensions, SimulatedMeasurements } from './simulated-measurements.ts'
import { SimulatedSidecar } from './simulated-sidecar.ts'

const minuteMs = 60_000
/** Near the end of a month, after which AWS accepts records of customers for a few hours only. */
const startsAt = { buyer: '2026-03-10T09:15:00Z', customers: '2026-03-31T09:15:00Z' }
const mostSidecars = 5

export interface ClusterOptions {
  readonly seed: number
  readonly lateUsage: 'carry' | 'hold'
  /** A store that takes each lost commit for one that did not happen. */
  readonly neverAsks?: boolean
  /** Of a product whose customers are billed, not the buyer who runs it. */
  readonly customers?: boolean
}

/** Sidecars that share one database, an application in front of them, and the model of AWS. */
export class SimulatedCluster {
  readonly coverage = new Coverage()
  readonly application = new SimulatedApplication(this.coverage)
  readonly measurements = new SimulatedMeasurements(this.coverage)
  /** The true time, which is AWS's and the server's. */
  now: number
  readonly database = new ModelDatabase(() => this.now)
  readonly aws = new ModelAws({ now: () => this.now }, { pass: async () => {} })
  readonly #chance: Chance
  readonly #lateUsage: 'carry' | 'hold'
  readonly #neverAsks: boolean
  readonly #customers: SimulatedCustomers | undefined
  /** Of an operator, whose commands see the whole book. */
  readonly #store = new SharedModelStore({
    database: this.database,
    connection: new ModelConnection(this.database, async () => {}),
    clock: new ManualClock(),
    acting: undefined,
  })
  #sidecars: SimulatedSidecar[] = []
  /** What ends later: pauses and times without the database. */
  #later: { readonly at: number; readonly run: () => void }[] = []
  #names = 0
  #incarnations = 0
  #keys = 0

  constructor(options: ClusterOptions) {
    this.#chance = new Chance(options.seed)
    this.#lateUsage = options.lateUsage
    this.#neverAsks = options.neverAsks === true
    this.#customers = options.customers ? new SimulatedCustomers(this.coverage) : undefined
    this.now = Date.parse(options.customers ? startsAt.customers : startsAt.buyer)
  }

  get checked(): Checked {
    const { aws, application, now } = this
    return {
      store: this.#store,
      aws,
      application,
      customers: this.#customers,
      measured: measuredDimensions,
      now,
    }
  }

  get resources(): readonly string[] {
    return this.#sidecars.map(({ resource }) => resource)
  }

  async start(resource = this.#newName(), clockOffset = 0): Promise<SimulatedSidecar> {
    const sidecar = new SimulatedSidecar(
      {
        database: this.database,
        aws: this.aws,
        coverage: this.coverage,
        lateUsage: this.#lateUsage,
        neverAsks: this.#neverAsks,
        hasCustomers: this.#customers !== undefined,
        now: () => this.now,
        random: () => this.#chance.next(),
      },
      resource,
      clockOffset,
    )
    this.#sidecars.push(sidecar)
    this.#incarnations += 1
    await Promise.race([sidecar.start(`process-${this.#incarnations}`), settle(400)])
    return sidecar
  }

  async happen(event: SharedEvent): Promise<void> {
    this.coverage.count(`event ${event.do}`)
    await this.#do(event)
    await settle(10)
    this.#sidecars = this.#sidecars.filter(({ state }) => state !== 'dead')
  }

  /** Lets time pass in steps that are short next to a lease. */
  async pass(minutes: number): Promise<void> {
    for (let left = minutes; left > 0; left -= 1) {
      this.now += minuteMs
      for (const sidecar of this.#sidecars) await sidecar.advance(minuteMs)
      const due = this.#later.filter(({ at }) => at <= this.now)
      this.#later = this.#later.filter(({ at }) => at > this.now)
      for (const { run } of due) run()
      if (left % 30 === 1 && this.application.unanswered > 0) await this.send()
    }
    await settle(20)
  }

  /** The application sends what has no answer, each request to any of them. */
  async send(which = this.#chance.integer(0, 9)): Promise<void> {
    await this.application.send(this.#answerer(which), this.now)
  }

  /** Nothing goes wrong from now on, and everything runs that did. */
  async calmDown(): Promise<void> {
    for (const { run } of this.#later.splice(0)) run()
    this.aws.clearUp()
    for (const sidecar of this.#sidecars) {
      sidecar.ambush = undefined
      sidecar.connection.heal()
      sidecar.resume()
    }
    await this.pass(1)
    this.#sidecars = this.#sidecars.filter(({ state }) => state !== 'dead')
    if (this.#sidecars.length === 0) await this.start()
  }

  async stopAll(): Promise<void> {
    for (const sidecar of this.#sidecars.splice(0)) await sidecar.stop()
  }

  async #do(event: SharedEvent): Promise<void> {
    switch (event.do) {
      case 'report': {
        const { dimension, quantity, tags, hasKey, which, customer } = event
        const idempotencyKey = hasKey ? `key-${(this.#keys += 1)}` : undefined
        const report = {
          dimension,
          ...(customer !== undefined && { customer }),
          quantity: BigInt(quantity),
          tags,
          occurredAt: undefined,
          idempotencyKey: undefined,
        }
        this.application.add({ reports: [report], idempotencyKey })
        return this.send(which)
      }
      case 'measure': {
        const { which, dimension, member } = event
        const measurement = { dimension, member, quantity: BigInt(event.quantity) }
        return this.measurements.report(measurement, this.#answerer(which), this.now)
      }
      case 'repeat':
        return this.application.repeat(event.back, this.#answerer(event.which), this.now)
      case 'pass':
        return this.pass(event.minutes)
      case 'weather':
        return this.aws.forecast(...event.of)
      case 'outage':
        return this.aws.setIn(event.weather, this.now + event.minutes * minuteMs)
      case 'cut':
        return this.#cut(event)
      case 'away':
        return this.#goAway(event.which, event.minutes)
      case 'pause':
        return this.#pause(event)
      case 'kill':
        return this.#kill(event)
      case 'stop': {
        const sidecar = this.#pick(event.which)
        await sidecar?.stop()
        return this.#startNext(sidecar, event.next)
      }
      case 'start':
        if (this.#sidecars.length < mostSidecars) await this.start()
        return
      case 'set-clock':
        return this.#setClock(event)
      case 'register':
      case 'end-licence': {
        const process = this.#pick(event.which)?.process
        const changing = this.#customers?.change(event.do, event.customer, process)
        await Promise.race([changing, settle(40)])
        return
      }
      case 'subscribe': {
        const account = simulatedCustomers.get(event.customer) ?? ''
        return this.aws.batches.subscribe(account, event.subscribed)
      }
      case 'resolve':
        return this.#resolve()
      case 'retry':
        return this.#retry()
    }
  }

  #cut({ which, at, away }: Extract<SharedEvent, { readonly do: 'cut' }>): void {
    const connection = this.#pick(which)?.connection
    if (connection === undefined) return
    const onCut = () => {
      connection.isAway = true
      this.#after(1, () => (connection.isAway = false))
    }
    connection.cutNext(away ? onCut : () => {}, ...at)
  }

  #goAway(which: number | 'all', minutes: number): void {
    const one = which === 'all' ? undefined : this.#pick(which)
    const gone = which === 'all' ? [...this.#sidecars] : one === undefined ? [] : [one]
    for (const { connection } of gone) connection.isAway = true
    this.#after(minutes, () => {
      for (const { connection } of gone) connection.isAway = false
    })
  }

  async #pause({
    which,
    at,
    minutes,
    replaced,
  }: Extract<SharedEvent, { readonly do: 'pause' }>): Promise<void> {
    const sidecar = this.#pick(which)
    if (sidecar === undefined) return
    const happen = () => {
      this.coverage.count(`paused at ${at}`)
      sidecar.pause()
      this.#after(minutes, () => sidecar.resume())
    }
    if (at !== 'now') sidecar.ambush = { step: at, happen }
    else happen()
    if (replaced && at === 'now') await this.start(sidecar.resource)
  }

  async #kill({
    which,
    at,
    requestArrives,
    next,
  }: Extract<SharedEvent, { readonly do: 'kill' }>): Promise<void> {
    const sidecar = this.#pick(which)
    if (sidecar === undefined) return
    const happen = () => {
      this.coverage.count(`death at ${at}`)
      sidecar.kill(at === 'send-started' && requestArrives)
    }
    if (at !== 'now') {
      sidecar.ambush = { step: at, happen }
      return
    }
    happen()
    await this.#startNext(sidecar, next)
  }

  async #startNext(
    sidecar: SimulatedSidecar | undefined,
    next: 'same' | 'new' | 'none',
  ): Promise<void> {
    if (sidecar === undefined || next === 'none') return
    await this.start(next === 'same' ? sidecar.resource : undefined)
  }

  /** A process starts whose machine has the wrong time: one that runs goes by AWS's. */
  async #setClock({
    which,
    minutes,
  }: Extract<SharedEvent, { readonly do: 'set-clock' }>): Promise<void> {
    const sidecar = this.#pick(which)
    sidecar?.kill(false)
    if (sidecar !== undefined) await this.start(sidecar.resource, minutes * minuteMs)
  }

  async #resolve(): Promise<void> {
    const record = await this.#find(({ state }) => state === 'unresolved')
    if (record === undefined) return
    const { id, slot, resource, dimension, hour, quantity } = record
    const holder = slot.channel === 'batch-meter-usage' ? slot.holder : resource
    const entry = this.aws.entries.get(`${holder}|${dimension}|${hour}`)
    const delivered = entry?.ours === true && entry.quantity === quantity
    // Without force: a call of a sidecar that is paused may still come, for as long as AWS accepts the record.
    await this.#operate(delivered ? 'resolve as delivered' : 'resolve with resend', (page) =>
      delivered ? resolveDelivered(page, id, this.now) : resolveResend(page, id, this.now, false),
    )
  }

  async #retry(): Promise<void> {
    const record = await this.#find(({ state }) => state === 'refused')
    if (record !== undefined) await this.#operate('retry', (page) => retryRefused(page, record.id))
  }

  async #operate(what: string, action: (page: Page) => MeteringRecord): Promise<void> {
    try {
      const change: Parameters<typeof operate>[0] = async (decide) => {
        await this.#store.transact(decide)
      }
      await operate(change, 3, action)
      this.coverage.count(`operator: ${what}`)
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      this.coverage.count(`operator: ${what} failed with ${error.code}`)
    }
  }

  async #find(wanted: (record: MeteringRecord) => boolean): Promise<MeteringRecord | undefined> {
    const all = { since: undefined, until: undefined, dimension: undefined }
    for await (const record of this.#store.records(all)) if (wanted(record)) return record
    return undefined
  }

  #answerer(which: number): Answerer {
    let index = which
    return async (request) => {
      const sidecar = this.#pick(index)
      index += 1
      return sidecar?.report(request)
    }
  }

  /** One of those that have not died. */
  #pick(which: number): SimulatedSidecar | undefined {
    const all = this.#sidecars.filter(({ state }) => state !== 'dead')
    return all[which % all.length]
  }

  #after(minutes: number, run: () => void): void {
    this.#later.push({ at: this.now + minutes * minuteMs, run })
  }

  #newName(): string {
    this.#names += 1
    return `pod:${this.#names}`
  }
}
