import { AwsClock } from '../../../src/aws/aws-clock.ts'
import { Events, type Step } from '../../../src/kernel/events.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import type { UsageRequest } from '../../../src/metering/report.ts'
import { startTakeover } from '../../../src/sidecar/parts/takeover-part.ts'
import type { Session } from '../../../src/store/postgres/connection/database.ts'
import { Lease } from '../../../src/store/postgres/lease.ts'
import type { ModelAws } from '../../support/aws/model-aws.ts'
import { modelRegion } from '../../support/aws/model-batch.ts'
import { Lateness } from '../../support/ledger/late-ledger.ts'
import {
  endModelProcess,
  modelDimensions,
  startModelProcess,
  type ModelProcess,
} from '../../support/ledger/model-process.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import type { Coverage } from '../coverage.ts'
import { ModelConnection } from './model-connection.ts'
import type { ModelDatabase } from './model-database.ts'
import { SharedModelStore } from './shared-model-store.ts'
import { measuredDimensions } from './simulated-measurements.ts'
import { createSilentLog } from '../../support/silent-log.ts'

export interface SidecarWorld {
  readonly database: ModelDatabase
  readonly aws: ModelAws
  readonly coverage: Coverage
  readonly lateUsage: 'carry' | 'hold'
  readonly neverAsks: boolean
  /** Of a product whose customers are billed. */
  readonly hasCustomers: boolean
  readonly now: () => number
  readonly random: () => number
}

/** Which dimension is one record an hour for all. */
export const sharedDimension = 'storage'
export const leaseMs = 300_000

/** One process for a task or pod, which can be paused and killed wherever it waits. */
export class SimulatedSidecar {
  readonly resource: string
  readonly clock: ManualClock
  readonly connection: ModelConnection
  readonly #world: SidecarWorld
  #process: ModelProcess | undefined
  #takeover: Disposable | undefined
  #state: 'up' | 'paused' | 'dead' = 'up'
  #waiting: (() => void)[] = []
  #missedMs = 0
  #requestLeft = false
  /** What happens when it reaches a step. */
  ambush: { readonly step: Step; readonly happen: () => void } | undefined

  constructor(world: SidecarWorld, resource: string, clockOffset: number) {
    this.#world = world
    this.resource = resource
    this.clock = new ManualClock(world.now() + clockOffset)
    this.connection = new ModelConnection(world.database, () => this.#runs())
  }

  /** Undefined before it has started. */
  get process(): ModelProcess | undefined {
    return this.#process
  }

  get state(): 'up' | 'paused' | 'dead' {
    return this.#state
  }

  /** Resolves when it can report, or has died on the way. Rejects as a start does. */
  async start(incarnation: string): Promise<void> {
    const { database, aws, coverage, lateUsage, neverAsks, hasCustomers, random } = this.#world
    const { clock, connection, resource } = this
    const lease = new (neverAsks ? NeverAsks : Lease)({
      scope: { resource, id: database.idOf(resource) },
      incarnation,
      leaseMs,
      onRegained: () => coverage.count('lease regained'),
    })
    await lease.take(connection)
    const events = new Events()
    events.on('stepReached', ({ step }) => this.#atStep(step))
    events.on('recordAttempted', ({ outcome }) => coverage.count(`answer ${outcome}`))
    const onLost = () => {
      coverage.count('another process acts for the same task or pod')
      this.kill(false)
    }
    const awsTime = new AwsClock(clock)
    const store = new SharedModelStore({
      database,
      connection,
      clock,
      acting: { resource, lease, renewMs: leaseMs / 3 },
      onLost,
      onCommitted: () => events.emit('stepReached', { step: 'group-committed' }),
    })
    const process = await startModelProcess({
      store,
      resource,
      clock,
      awsTime,
      events,
      meaningOf: (dimension) => ({
        productCode: 'product',
        divisor: dimension === sharedDimension ? 1000n : 1n,
        ...(dimension === sharedDimension && !hasCustomers && { scope: 'cluster' }),
        ...(measuredDimensions.some((name) => name === dimension) && {
          aggregate: dimension as (typeof measuredDimensions)[number],
          scope: 'cluster',
        }),
      }),
      readings: { maxReadings: 10_000, newSecret: () => 'secret' },
      lateness: new Lateness(),
      isMovedFirst: () => false,
      apiFor: (reaches) => {
        const api = aws.apiFor(resource, reaches, (date) =>
          awsTime.learn(Math.floor(date / 1000) * 1000, clock.elapsed()),
        )
        const stoppable =
          <Request, Answer>(call: (request: Request) => Promise<Answer>) =>
          async (request: Request) => {
            await this.#continues()
            const answer = await call(request)
            await this.#runs()
            return answer
          }
        return {
          ...api,
          meterUsage: stoppable((request) => api.meterUsage(request)),
          batchMeterUsage: stoppable((request) => api.batchMeterUsage(request)),
        }
      },
      hasLeft: () => this.#requestLeft,
      lateUsage,
      zeroRecords: false,
      ...(hasCustomers && { customers: { form: 'account', region: modelRegion, lateUsage } }),
      onFatal: onLost,
    })
    this.#process = process
    process.dead = this.#isDead
    const dimensions = modelDimensions.map((name) =>
      name === sharedDimension && !hasCustomers ? { name, scope: 'cluster' as const } : { name },
    )
    const settings = { leaseMs, product: { dimensions, route: hasCustomers ? 'saas' : 'metered' } }
    this.#takeover = startTakeover(
      { settings: settings as never, timers: clock, random, log: createSilentLog() },
      {
        ledger: {
          takeOver: async () => {
            if (database.abandoned().length === 0) return process.ledger.takeOver()
            const before = (await process.ledger.pendingRecords()).length
            const hours = await process.ledger.takeOver()
            if (hours.length > 0) coverage.count('usage taken over')
            if ((await process.ledger.pendingRecords()).length > before)
              coverage.count('record taken over as it is')
            return hours
          },
        },
        submitter: process.submitter,
      },
    )
  }

  /** Undefined when no answer comes before the application's patience ends. */
  async report(request: UsageRequest) {
    const process = this.#process
    if (process === undefined || this.#isDead) return undefined
    const answer = process.book.report(request)
    answer.catch((error: unknown) => {
      if (error instanceof SidecarError) this.#world.coverage.count(`report ended ${error.code}`)
    })
    const receipts = await Promise.race([answer, settle(40)])
    return this.#isDead || receipts === undefined ? undefined : receipts
  }

  async advance(ms: number): Promise<void> {
    if (this.#state === 'paused') this.#missedMs += ms
    else if (this.#state === 'up') await this.clock.advance(ms)
  }

  pause(): void {
    if (this.#state === 'up') this.#state = 'paused'
  }

  /** Its clock has gone on. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'up'
    this.clock.jump(this.#missedMs)
    this.#missedMs = 0
    for (const go of this.#waiting.splice(0)) go()
  }

  kill(requestArrives: boolean): void {
    if (this.#isDead) return
    this.#requestLeft = requestArrives
    this.#state = 'dead'
    for (const go of this.#waiting.splice(0)) go()
    this.#takeover?.[Symbol.dispose]()
    if (this.#process === undefined) return
    this.#process.dead = true
    this.#process.schedule.stop()
    this.#process.submitter.stop()
    this.#process.sender.stop()
  }

  /** SIGTERM: seals and sends for 25 seconds, then closes the book. */
  async stop(): Promise<void> {
    const process = this.#process
    if (process === undefined || this.#state !== 'up') return this.kill(false)
    this.#takeover?.[Symbol.dispose]()
    const state = { flushed: false }
    const flushing = process.submitter
      .flush(true)
      .catch(() => {})
      .finally(() => {
        state.flushed = true
      })
    for (let second = 0; second < 25 && !state.flushed && !this.#isDead; second += 1) {
      await settle(40)
      if (!state.flushed) await this.clock.advance(1000)
    }
    process.sender.stop()
    if (this.#isDead) return
    await settle(40)
    void flushing
    await Promise.race([endModelProcess(process).catch(() => {}), settle(200)])
    this.#state = 'dead'
  }

  get #isDead(): boolean {
    return this.#state === 'dead'
  }

  /** Waits while it is paused. */
  async #continues(): Promise<void> {
    while (this.#state === 'paused')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** The same, and never again once it has died. */
  async #runs(): Promise<void> {
    await this.#continues()
    if (this.#isDead) await new Promise<never>(() => {})
  }

  #atStep(step: Step): void {
    const { ambush } = this
    if (ambush?.step !== step || this.#state !== 'up') return
    this.ambush = undefined
    ambush.happen()
  }
}

/** Does not believe the row of the lease. */
class NeverAsks extends Lease {
  override async wasCommitted(session: Session): Promise<boolean> {
    await super.wasCommitted(session)
    return false
  }
}
