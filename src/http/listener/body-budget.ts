import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../kernel/clock.ts'

interface Body {
  readonly request: IncomingMessage
  bytes: number
  isPaused: boolean
  /** Since when its client could have sent the rest, ms. */
  since: number
}

/** A body of at most this size is not counted: the limit of connections bounds their sum. */
const smallBytes = 16_384
/** What all larger bodies of a listener may hold together; more where one body may be larger. */
const budgetBytes = 8 * 1_048_576
/** A client that needs longer than this for one body is not sending it. */
const stalledMs = 2000

/**
 * Bounds the memory that the bodies of a listener hold together, from their first byte to their answer. A
 * body that finds no room waits. When clients that do not send the rest have taken the room, they are
 * cut off, the oldest first.
 */
export class BodyBudget {
  readonly #mostBytes: number
  readonly #timers: Clock
  readonly #bodies = new Set<Body>()
  #held = 0
  #timer: Timer | undefined

  /** `timers` is real time. */
  constructor(bodyLimitBytes: number, timers: Clock) {
    this.#mostBytes = Math.max(budgetBytes, bodyLimitBytes)
    this.#timers = timers
  }

  /** Counts a request's body, unless it is small. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request
    const isChunked = headers['transfer-encoding'] !== undefined
    if (!isChunked && !(Number(headers['content-length']) > smallBytes)) return
    const body: Body = { request, bytes: 0, isPaused: false, since: this.#timers.elapsed() }
    this.#bodies.add(body)
    // Node hands over each piece with this call. A listener would start the flow before someone reads.
    request.push = (chunk: Buffer | null, encoding) => {
      const goesOn = IncomingMessage.prototype.push.call(request, chunk, encoding)
      if (chunk !== null) this.#count(body, chunk.length)
      return goesOn
    }
    response.once('close', () => this.#release(body))
  }

  end(): void {
    this.#timer?.cancel()
  }

  #count(body: Body, bytes: number): void {
    if (!this.#bodies.has(body)) return
    body.bytes += bytes
    this.#held += bytes
    if (this.#held > this.#mostBytes) this.#makeRoom(body)
  }

  /** The oldest body is never paused, so that there is always one that ends. */
  #makeRoom(body: Body): void {
    this.#cutOffStalled()
    if (this.#held <= this.#mostBytes || this.#oldest() === body) return
    body.isPaused = true
    body.request.pause()
    this.#timer ??= this.#timers.after(stalledMs, this.#lookAgain)
  }

  readonly #lookAgain = (): void => {
    this.#timer = undefined
    this.#cutOffStalled()
    if ([...this.#bodies].some(({ isPaused }) => isPaused))
      this.#timer = this.#timers.after(stalledMs, this.#lookAgain)
  }

  #cutOffStalled(): void {
    while (this.#held > this.#mostBytes) {
      const oldest = this.#oldest()
      if (oldest === undefined || this.#timers.elapsed() - oldest.since < stalledMs) return
      oldest.request.socket.destroy()
      this.#release(oldest)
    }
  }

  #release(body: Body): void {
    if (!this.#bodies.delete(body)) return
    this.#held -= body.bytes
    const oldest = this.#oldest()
    for (const each of this.#bodies)
      if (each.isPaused && (this.#held <= this.#mostBytes || each === oldest)) this.#resume(each)
  }

  #resume(body: Body): void {
    body.isPaused = false
    body.since = this.#timers.elapsed()
    body.request.resume()
  }

  #oldest(): Body | undefined {
    for (const body of this.#bodies) if (!body.request.complete) return body
    return undefined
  }
}
