import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Chance } from '../chance.ts'
import { otlpJson, otlpProtobuf, type TestProcess } from '../../support/otlp/otlp-request.ts'

export interface ExportingClientOptions {
  readonly name: string
  readonly port: number
  readonly chance: Chance
  /** The sidecar's time. */
  readonly now: () => number
}

/** What one export has that has no answer yet, and what the application has counted in all. */
type Amounts = Readonly<Record<'requests' | 'storage' | 'hosts', number>>

interface Export extends Amounts {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

const protobuf = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }
const patienceMs = 2000
/** SDKs wait longer; what they repeat is the same. */
const retryPauseMs = 20
/** What the specification of OTLP tells a client to repeat. */
const repeated = [429, 502, 503, 504]

/**
 * An application with an exporter of OpenTelemetry: a cumulative sum, a delta sum and a gauge in each request,
 * which is repeated byte for byte until it is answered. Now and then the answer is lost, and the application
 * is started again.
 */
export class ExportingClient {
  readonly #options: ExportingClientOptions
  readonly #stopping = new AbortController()
  #startedAt: number
  #timeBefore: number
  /** Of this process. */
  #cumulative = 0
  #current: Export | undefined
  readonly #acknowledged = { requests: 0, storage: 0, hosts: 0 }
  exports = 0
  lostAnswers = 0
  refusedForNow = 0
  restarts = 0
  /** What the sidecar should never have answered. */
  readonly violations: string[] = []

  /** Starts its first process. */
  constructor(options: ExportingClientOptions) {
    this.#options = options
    this.#startedAt = options.now()
    this.#timeBefore = this.#startedAt
  }

  /** Units; of `hosts` the largest. */
  get acknowledged(): Amounts {
    return this.#acknowledged
  }

  /** The same with what is under way: perhaps recorded, not acknowledged. */
  get most(): Amounts {
    return this.#current === undefined ? this.#acknowledged : this.#with(this.#current)
  }

  /** Exports until `stop` is called and the last request is acknowledged. */
  async run(): Promise<void> {
    const { chance } = this.#options
    while (!this.#stopping.signal.aborted) {
      if (chance.happens(0.1)) this.#restart()
      const next = this.#next()
      this.#current = next
      await this.#untilAcknowledged(next)
      Object.assign(this.#acknowledged, this.#with(next))
      this.#current = undefined
      this.exports += 1
      if (chance.happens(0.1)) await this.#post(next, patienceMs)
      await pause(chance.integer(0, 10))
    }
  }

  stop(): void {
    this.#stopping.abort()
  }

  #with({ requests, storage, hosts }: Amounts): Amounts {
    const before = this.#acknowledged
    return {
      requests: before.requests + requests,
      storage: before.storage + storage,
      hosts: Math.max(before.hosts, hosts),
    }
  }

  #restart(): void {
    this.restarts += 1
    this.#startedAt = this.#later()
    this.#timeBefore = this.#startedAt
    this.#cumulative = 0
  }

  #next(): Export {
    const { chance, name } = this.#options
    const [requests, storage, hosts] = [
      chance.integer(0, 9),
      chance.integer(0, 9),
      chance.integer(1, 1000),
    ]
    this.#cumulative += requests
    const at = this.#later()
    const since = this.#timeBefore
    this.#timeBefore = at
    const process: TestProcess = {
      resource: { 'service.name': name },
      metrics: [
        {
          name: 'app.requests',
          points: [{ value: BigInt(this.#cumulative), at, start: this.#startedAt }],
        },
        {
          name: 'app.storage',
          temporality: 1,
          points: [{ value: BigInt(storage), at, start: since }],
        },
        { name: 'app.hosts', kind: 'gauge', points: [{ value: hosts, at }] },
      ],
    }
    const isBinary = chance.happens(0.5)
    const plain = isBinary
      ? otlpProtobuf([process])
      : Buffer.from(JSON.stringify(otlpJson([process])))
    const isPacked = chance.happens(0.5)
    return {
      requests,
      storage,
      hosts,
      body: isPacked ? gzipSync(plain) : plain,
      headers: {
        ...(isBinary ? protobuf : json),
        ...(isPacked && { 'content-encoding': 'gzip' }),
      },
    }
  }

  /** Now, and after everything before it. */
  #later(): number {
    return Math.max(this.#options.now(), this.#timeBefore + 1)
  }

  async #untilAcknowledged(next: Export): Promise<void> {
    const { chance } = this.#options
    for (;;) {
      const status = await this.#post(next, chance.happens(0.2) ? chance.integer(1, 6) : patienceMs)
      if (status === 200) return
      if (status === 'lost') this.lostAnswers += 1
      else if (status === 'unreachable') await pause(retryPauseMs)
      else if (repeated.includes(status)) this.refusedForNow += 1
      else return
      await pause(retryPauseMs)
    }
  }

  async #post(
    { body, headers }: Export,
    timeoutMs: number,
  ): Promise<number | 'lost' | 'unreachable'> {
    const url = `http://127.0.0.1:${this.#options.port}/v1/metrics`
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, { method: 'POST', body, headers, signal })
      const answer = Buffer.from(await response.arrayBuffer()).toString()
      const isWhole = response.status === 200 && (answer === '' || answer === '{}')
      if (!isWhole && !repeated.includes(response.status))
        this.violations.push(`${response.status} ${answer}`)
      return response.status
    } catch (error) {
      const cause =
        error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined
      return cause?.code === 'ECONNREFUSED' ? 'unreachable' : 'lost'
    }
  }
}
