import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { post, type Reply } from './post.ts'
import { randomRequest, type RepeatableRequest } from './usage-request.ts'

export interface ReportingClientOptions {
  readonly name: string
  readonly port: number
  readonly chance: Chance
  /** The sidecar's time. */
  readonly now: () => number
  /** The longest pause between two requests, ms. */
  readonly thinkMs: number
}

const patienceMs = 2000
const retryPauseMs = 20

/**
 * An application that reports correctly: it repeats a report that was not answered, or answered with
 * 5xx, with the same key until it is acknowledged. Now and then it also gives up too early, or repeats
 * what was acknowledged.
 */
export class ReportingClient {
  readonly #options: ReportingClientOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #stopping = new AbortController()
  #gaveUp = false
  #serial = 0
  #current: RepeatableRequest | undefined
  /** Micro-units by dimension. */
  readonly acknowledged = new Map<string, bigint>()
  acknowledgedReports = 0
  retries = 0
  /** What the sidecar should never have answered. */
  readonly violations: string[] = []

  constructor(options: ReportingClientOptions) {
    this.#options = options
  }

  /** Micro-units by dimension that are under way: reported, perhaps recorded, not acknowledged. */
  get underWay(): ReadonlyMap<string, bigint> {
    return this.#current?.quantities ?? new Map<string, bigint>()
  }

  /** Reports until `stop` is called and the last report is acknowledged. */
  async run(): Promise<void> {
    const { chance, name, now, thinkMs } = this.#options
    while (!this.#stopping.signal.aborted) {
      this.#serial += 1
      const request = randomRequest(chance, `${name}-${this.#serial}`, now())
      this.#current = request
      if (await this.#untilAcknowledged(request)) {
        this.#count(request)
        this.#current = undefined
      }
      if (chance.happens(0.02)) await this.#repeat(request)
      await pause(chance.integer(0, thinkMs))
    }
    this.#agent.destroy()
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Stops, and leaves unacknowledged what no one answers. */
  giveUp(): void {
    this.#gaveUp = true
    this.stop()
  }

  async #untilAcknowledged(request: RepeatableRequest): Promise<boolean> {
    const { chance } = this.#options
    while (!this.#gaveUp) {
      const reply = await this.#post(
        request,
        chance.happens(0.02) ? chance.integer(1, 4) : patienceMs,
      )
      if (reply !== undefined && reply.status < 500) return this.#isGood(request, reply)
      this.retries += 1
      await pause(retryPauseMs)
    }
    return false
  }

  /** What was acknowledged must be answered as a duplicate. */
  async #repeat(request: RepeatableRequest): Promise<void> {
    const reply = await this.#post(request, patienceMs)
    if (reply === undefined || reply.status >= 500) return
    if (this.#isGood(request, reply) && resultsOf(reply).some((result) => result !== 'duplicate'))
      this.violations.push(`counted again: ${request.body} ${reply.body}`)
  }

  #isGood({ batchSize, body }: RepeatableRequest, reply: Reply): boolean {
    const results = reply.status === 200 ? resultsOf(reply) : []
    const isGood =
      results.length === (batchSize ?? 1) &&
      results.every((result) => result === 'accepted' || result === 'duplicate')
    if (!isGood) this.violations.push(`answered ${reply.status} ${reply.body} to ${body}`)
    return isGood
  }

  #count({ quantities, reports }: RepeatableRequest): void {
    this.acknowledgedReports += reports
    for (const [dimension, quantity] of quantities)
      this.acknowledged.set(dimension, (this.acknowledged.get(dimension) ?? 0n) + quantity)
  }

  #post(
    { body, idempotencyKey }: RepeatableRequest,
    timeoutMs: number,
  ): Promise<Reply | undefined> {
    return post({
      agent: this.#agent,
      port: this.#options.port,
      body,
      idempotencyKey,
      timeoutMs,
    })
  }
}

/** Sums over several clients. */
export function sumOf(maps: readonly ReadonlyMap<string, bigint>[]): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const [dimension, quantity] of maps.flatMap((map) => [...map]))
    sums.set(dimension, (sums.get(dimension) ?? 0n) + quantity)
  return sums
}

function resultsOf({ body }: Reply): unknown[] {
  const answer = JSON.parse(body) as { result?: unknown; results?: { result: unknown }[] }
  return answer.results === undefined ? [answer.result] : answer.results.map(({ result }) => result)
}
