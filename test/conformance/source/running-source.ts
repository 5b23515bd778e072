import type { AddressInfo } from 'node:net'
import { createPostRoute } from '../../../src/http/listener/post-json.ts'
import { problemOfError } from '../../../src/http/listener/problem-of-error.ts'
import { createServerBase } from '../../../src/http/listener/server.ts'
import { Events } from '../../../src/kernel/events.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import type { Dimension } from '../../../src/product/product.ts'
import type { Source, UsageBook } from '../../../src/sources/source.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { ModelDisk } from '../../support/store/model-disk.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const productCode = 'product'
const notHere = () => Promise.reject(new Error('no part of this test'))

/** What happens to usage on its way into the book: nothing, unless a test says so. */
export type OnTheWay = (store: () => Promise<unknown>) => Promise<unknown>

interface Setting {
  readonly source: Source
  readonly dimensions: readonly Dimension[]
  readonly scrapeUrl?: string | undefined
}

/** A source over a real book, whose disk a test can cut off. */
export class RunningSource {
  readonly clock = new ManualClock()
  /** What the source said of usage that it did not take, and of each time that it looked for some. */
  readonly said: string[] = []
  onTheWay: OnTheWay = (store) => store()
  isStopped = false
  /** What the book was asked to keep. */
  asked = 0
  readonly #setting: Setting
  readonly #disk = new ModelDisk()
  #ledger: Ledger | undefined
  #port = 0
  #stop: () => Promise<void> = () => Promise.resolve()

  constructor(setting: Setting) {
    this.#setting = setting
  }

  get port(): number {
    return this.#port
  }

  /** Micro-units of a dimension that the book has. */
  async recorded(dimension: string): Promise<bigint> {
    return (await this.cells(dimension)).reduce((sum, quantity) => sum + quantity, 0n)
  }

  async cells(dimension: string): Promise<bigint[]> {
    const { open, readings } = await this.#book.usage()
    return [...open, ...readings]
      .filter((each) => each.dimension === dimension)
      .map(({ quantity }) => quantity)
  }

  /** The tags of what the book has, as AWS would receive them. */
  async tags(): Promise<string[]> {
    this.clock.jump(3_600_000)
    const tags: string[] = []
    const plan = ({
      accounts,
    }: {
      accounts: readonly { cells: readonly { tags: string }[] }[]
    }) => {
      for (const { cells } of accounts) tags.push(...cells.map((cell) => cell.tags))
      throw new Error('looked at')
    }
    const now = this.clock.now()
    const sealing = this.#book.seal({ before: now, now, plan, zeroHours: [] })
    await sealing.next().catch(() => {})
    return tags
  }

  async start(): Promise<void> {
    const { source, dimensions, scrapeUrl } = this.#setting
    const { clock } = this
    const events = new Events()
    const log = createSilentLog()
    const ofName = (name: string) => dimensions.find((each) => each.name === name)
    const ledger = await Ledger.open({
      store: await this.#disk.open(),
      resource: 'pod:one',
      meaningOf: (name) => {
        const { divisor, aggregate } = ofName(name) ?? {}
        return divisor === undefined ? undefined : { productCode, divisor, aggregate }
      },
      readings: { maxReadings: 100, newSecret: () => 'secret' },
      maxPerHour: () => undefined,
      maxTagSets: 100,
      lateUsage: 'carry',
      clock,
      events,
      log,
      onFatal: () => {},
    })
    const limits = { bodyLimitBytes: 65_536, maxConnections: 16, requestTimeoutMs: 10_000 }
    const app = createServerBase(limits, events, log)
    const started = source.start({
      app,
      postJson: createPostRoute(app),
      book: this.#onTheWayTo(ledger),
      productCode,
      dimensions,
      region: 'eu-west-1',
      log,
      refused: (dimension) => this.said.push(`refused ${String(dimension)}`),
      explain: problemOfError,
      referenceOf: (dimension, hour) => `${dimension} ${hour}`,
      meterUsageCalls: 'add',
      repeated: () => {},
      aws: { forward: notHere, prove: notHere },
      clock,
      timers: clock,
      scrape: { url: scrapeUrl, intervalMs: 15_000, timeoutMs: 5000 },
      entitled: () => true,
      noteRead: ({ outcome }) => this.said.push(outcome),
      heard: () => {},
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    this.#ledger = ledger
    this.#port = (app.server.address() as AddressInfo).port
    this.isStopped = false
    this.#stop = async () => {
      await app.close()
      await started[Symbol.asyncDispose]()
      this.isStopped = true
    }
  }

  async stop(): Promise<void> {
    await this.#stop()
    this.#stop = () => Promise.resolve()
  }

  /** The power is cut: what is not on disk is gone. Then everything starts again. */
  async cutPower(): Promise<void> {
    this.#disk.crash()
    await this.stop()
    await this.start()
  }

  async close(): Promise<void> {
    this.onTheWay = (store) => store()
    await this.stop()
    await this.#ledger?.close().catch(() => {})
  }

  /** Lets a request that was sent arrive. */
  async arrive(): Promise<void> {
    // A whole exchange with the same server passes meanwhile.
    await fetch(`http://127.0.0.1:${this.#port}/nothing-here`)
    await settle(20)
  }

  get #book(): Ledger {
    if (this.#ledger === undefined) throw new TypeError('the source was not started')
    return this.#ledger
  }

  #onTheWayTo(ledger: Ledger): UsageBook {
    const pass = async <T>(store: () => Promise<T>): Promise<T> => {
      this.asked += 1
      return (await this.onTheWay(store)) as T
    }
    return {
      report: (request) => pass(() => ledger.report(request)),
      countPage: (page) => pass(() => ledger.countPage(page)),
      countStreams: (batch) => pass(() => ledger.countStreams(batch)),
    }
  }
}
