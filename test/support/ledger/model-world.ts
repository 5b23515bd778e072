import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { Events, type Step } from '../../../src/kernel/events.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { UsageReport } from '../../../src/metering/report.ts'
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.ts'
import { ManualClock, settle } from '../manual-clock.ts'
import { ModelAws } from '../aws/model-aws.ts'
import { scratch } from '../scratch.ts'
import { Lateness } from './late-ledger.ts'
import { endModelProcess, startModelProcess, type ModelProcess } from './model-process.ts'
import { createSilentLog } from '../silent-log.ts'

/** Reports whether a report was too late to be recorded. The application receives that answer and gives up. */
function isTooOld(error: unknown): boolean {
  if (error instanceof SidecarError && error.code === 'OccurredAtTooOld') return true
  throw error
}

interface Crash {
  readonly step: Step
  countdown: number
  /** Whether a request that was being sent still arrives. */
  readonly requestArrives: boolean
}

/**
 * A sidecar whose process dies at chosen steps, next to an application that repeats what was not
 * acknowledged. A death is a copy of the files at that very moment: the next process finds the copy.
 */
export class ModelWorld {
  readonly clock = new ManualClock()
  /** Of reads of the ledger and of AWS's answers. */
  readonly lateness = new Lateness()
  readonly aws = new ModelAws(this.clock, this.lateness)
  /** What the application has to report, by idempotency key. */
  readonly #unacknowledged = new Map<string, UsageReport>()
  readonly acknowledged = new Map<string, UsageReport>()
  readonly #directories: string[] = []
  #resource = 'pod:0'
  #process: ModelProcess | undefined
  #crash: Crash | undefined
  #crashedInto: string | undefined
  #requestLeft = false
  #moves = 0
  #reports = 0

  static async create(): Promise<ModelWorld> {
    const world = new ModelWorld()
    await world.#start(world.#newDirectory())
    return world
  }

  get ledger(): Ledger {
    if (this.#process === undefined) throw new Error('no process runs')
    return this.#process.ledger
  }

  async report(dimension: string, quantity: bigint, tags: string, hoursAgo: number): Promise<void> {
    const idempotencyKey = `key-${(this.#reports += 1)}`
    const occurredAt = hoursAgo === 0 ? undefined : this.clock.now() - hoursAgo * hourMs
    this.#unacknowledged.set(idempotencyKey, {
      dimension,
      quantity,
      tags,
      occurredAt,
      idempotencyKey,
    })
    await this.repeat()
  }

  /** The application sends again everything that was not acknowledged, and something that was. */
  async repeat(): Promise<void> {
    const [known] = this.acknowledged.values()
    const sent = [...this.#unacknowledged.values(), ...(known === undefined ? [] : [known])]
    const process = this.#process
    const answers = sent.map(async (report) => {
      const answer = process?.book.report({ reports: [report], idempotencyKey: undefined })
      const refused = await answer?.then(() => false, isTooOld)
      if (process?.dead === true) return undefined
      if (refused === true) this.#unacknowledged.delete(report.idempotencyKey ?? '')
      return report.idempotencyKey
    })
    for (const answer of await this.#finish(answers)) this.#acknowledge(answer)
    await this.#reviveIfDead()
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    await settle(30)
    await this.#reviveIfDead()
  }

  async stepClock(ms: number): Promise<void> {
    this.clock.step(ms)
    await this.advance(0)
  }

  /** Another party moves the next `times` records on, each after the sender has read it and before its mark. */
  moveFirst(times: number): void {
    this.#moves += times
  }

  /** Nothing is late or goes wrong from now on. */
  clearUp(): void {
    this.#moves = 0
    this.lateness.clear()
    this.aws.clearUp()
  }

  /** The process dies the n-th time that it reaches this step. */
  planCrash(step: Step, countdown: number, requestArrives: boolean): void {
    this.#crash = { step, countdown, requestArrives }
  }

  /** SIGTERM and a new start, of the same task or pod or of a different one. */
  async restart(flush: boolean, newResource: boolean): Promise<void> {
    const process = this.#process
    if (process === undefined) return
    const flushed = process.submitter.flush(flush)
    await settle(60)
    process.sender.stop()
    await flushed
    if (process.dead) return this.#reviveIfDead()
    const directory = this.#directories.at(-1) ?? ''
    await this.#end(process)
    if (newResource) this.#resource = `pod:${this.#directories.length}-${this.#reports}`
    await this.#start(directory)
  }

  /** Every record of the file, for the checks. */
  records(): {
    resource: string
    dimension: string
    hour: number
    quantity: bigint
    state: string
  }[] {
    const database = new DatabaseSync(join(this.#directories.at(-1) ?? '', 'ledger.db'), {
      readOnly: true,
    })
    try {
      const rows = database
        .prepare(
          `SELECT identity AS resource, dimension, hour, quantity, state
           FROM record JOIN slot ON slot.id = slot_id JOIN resource ON resource.id = resource_id`,
        )
        .all()
      return rows.map((row) => ({ ...row, quantity: BigInt(Number(row['quantity'])) })) as never
    } finally {
      database.close()
    }
  }

  get unacknowledged(): number {
    return this.#unacknowledged.size
  }

  async destroy(): Promise<void> {
    if (this.#process !== undefined) await this.#end(this.#process)
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true })
  }

  async #finish<T>(answers: Promise<T>[]): Promise<T[]> {
    const settled = Promise.allSettled(answers)
    await settle(30)
    return (await settled).flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value] : [],
    )
  }

  #acknowledge(key: string | undefined): void {
    const report = key === undefined ? undefined : this.#unacknowledged.get(key)
    if (key === undefined || report === undefined) return
    this.#unacknowledged.delete(key)
    this.acknowledged.set(key, report)
  }

  async #reviveIfDead(): Promise<void> {
    const directory = this.#crashedInto
    if (directory === undefined || this.#process === undefined) return
    await this.#end(this.#process)
    this.#crashedInto = undefined
    await this.#start(directory)
    await settle(30)
  }

  async #end(process: ModelProcess): Promise<void> {
    this.#process = undefined
    await endModelProcess(process)
  }

  async #start(directory: string): Promise<void> {
    const { clock, lateness } = this
    const events = new Events()
    const resource = this.#resource
    const meaningOf = (dimension: string) => ({
      productCode: 'product',
      divisor: dimension === 'storage' ? 1000n : 1n,
    })
    const store = await openSqliteStore({
      directory,
      meaningOf,
      now: clock.now(),
      events,
      log: createSilentLog(),
      dataSync: () => Promise.resolve(),
    })
    const process = await startModelProcess({
      store,
      resource,
      clock,
      events,
      meaningOf,
      lateness,
      isMovedFirst: () => this.#takeMove(),
      apiFor: (reaches) => this.aws.apiFor(resource, reaches),
      hasLeft: () => this.#takeRequest(),
      lateUsage: 'carry',
      zeroRecords: false,
      onFatal: (error) => {
        throw error
      },
    })
    events.on('stepReached', ({ step }) => this.#atStep(step, process, directory))
    this.#process = process
  }

  #atStep(step: Step, process: ModelProcess, directory: string): void {
    const crash = this.#crash
    // A late answer may come to a process that has ended.
    if (process.dead || process !== this.#process || crash?.step !== step) return
    crash.countdown -= 1
    if (crash.countdown > 0) return
    this.#crash = undefined
    process.dead = true
    this.#requestLeft = step === 'send-started' && crash.requestArrives
    const copy = this.#newDirectory()
    for (const name of ['ledger.db', 'ledger.db-wal'])
      if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(copy, name))
    this.#crashedInto = copy
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

  #newDirectory(): string {
    const directory = mkdtempSync(join(scratch, 'ledger-model-'))
    this.#directories.push(directory)
    return directory
  }
}
