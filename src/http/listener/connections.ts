import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Clock, Timer } from '../../kernel/clock.ts'
import type { DropReason } from '../../kernel/events.ts'
import { answerUnreadable, lingerMs, type Unreadable } from './answer-unreadable.ts'
import { BodyBudget } from './body-budget.ts'

export interface ConnectionLimits {
  /** Over all address families. */
  readonly maxConnections: number
  /** The largest body of one request. */
  readonly bodyLimitBytes: number
  /** Of these, how many only this machine may use. */
  readonly keptForLoopback: number
  /** Counts a connection that was cut off. */
  readonly onDropped?: ((reason: DropReason) => void) | undefined
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  readonly socket: Socket
  readonly address: string
  /** The answer under way. The next request waits until this one has been read. */
  answering: Exchange | undefined
  readonly waiting: Exchange[]
  /** What came after the requests, or is the rest of the last one, and cannot be read. */
  unreadable: Unreadable | undefined
  /** Since when it is idle, or when the work on its answer was last seen, ms on `elapsed`. */
  since: number
}

const loopback = 'loopback'
/** How often connections are looked at. */
const sweepMs = 1000
/** How long a client may take to read an answer that is complete. */
const unreadMs = 10_000
/** A connection that has been idle for less is not closed to make room: its request may be on the way. */
const freshMs = 1000
/** Requests that a client may send ahead on one connection, and all clients together. */
const mostAhead = 16
const mostAheadOfAll = 256

/**
 * The connections of a listener. Each has one request in flight, so that what a client does not read is
 * one answer at most. When all connections are in use, an idle one makes room, of the client that has the most:
 * no client can lock out another.
 */
export class Connections {
  /** Answers every request from now on. */
  answer: Answer
  readonly #bodies: BodyBudget
  readonly #limits: ConnectionLimits
  readonly #timers: Clock
  readonly #all = new Map<Socket, Connection>()
  #remote = 0
  #ahead = 0
  #sweep: Timer

  constructor(limits: ConnectionLimits, timers: Clock, answer: Answer) {
    this.#limits = limits
    this.#bodies = new BodyBudget(limits.bodyLimitBytes, timers)
    this.#timers = timers
    this.answer = answer
    this.#sweep = timers.after(sweepMs, this.#look)
  }

  /** Takes over the connections and requests of a server that does not listen yet. */
  watch(server: Server): void {
    server.removeAllListeners('request')
    server.on('connection', this.#open)
    server.on('request', this.#take)
    server.removeAllListeners('clientError')
    server.on('clientError', this.#refuse)
    // A client may send its request and end its side: without the answer it would report the same usage again.
    Object.assign(server, { httpAllowHalfOpen: true })
  }

  /** Ends every connection, and looks at none any more. */
  end(): void {
    this.#sweep.cancel()
    this.#bodies.end()
    for (const { socket } of this.#all.values()) socket.destroy()
  }

  readonly #open = (socket: Socket): void => {
    const address = addressOf(socket)
    if (!this.#hasRoom(address) && !this.#makeRoom(address)) {
      this.#drop(socket, 'limit')
      return
    }
    if (address !== loopback) this.#remote += 1
    const since = this.#timers.elapsed()
    this.#all.set(socket, {
      socket,
      address,
      answering: undefined,
      waiting: [],
      unreadable: undefined,
      since,
    })
    socket.once('close', () => this.#forget(socket))
    // Node's own way to end a connection after its last answer.
    socket.destroySoon = () => this.#end(socket)
  }

  /**
   * Ends a connection after its last answer, but not while the client still sends: the system would discard the
   * answer, and the client would repeat a request that can never succeed.
   */
  #end(socket: Socket): void {
    const request = this.#all.get(socket)?.answering?.request
    if (request === undefined || request.complete) {
      Socket.prototype.destroySoon.call(socket)
      return
    }
    request.resume()
    socket.end()
    const limit = this.#timers.after(lingerMs, () => socket.destroy())
    socket.once('close', () => limit.cancel())
  }

  #hasRoom(address: string): boolean {
    const { maxConnections, keptForLoopback } = this.#limits
    if (this.#all.size >= maxConnections) return false
    return address === loopback || this.#remote < maxConnections - keptForLoopback
  }

  /** Closes the connection that has been idle for longest, of the client that has the most. */
  #makeRoom(address: string): boolean {
    const candidates = [...this.#all.values()].filter(
      (each) => address === loopback || each.address !== loopback,
    )
    const counts = new Map<string, number>()
    for (const each of candidates) counts.set(each.address, (counts.get(each.address) ?? 0) + 1)
    const most = Math.max(...counts.values())
    const longIdle = this.#timers.elapsed() - freshMs
    const [victim] = candidates
      .filter((each) => isIdle(each) && counts.get(each.address) === most)
      .filter((each) => each.address !== address || each.since <= longIdle)
      .toSorted((a, b) => a.since - b.since)
    if (victim === undefined) return false
    this.#drop(victim.socket, 'limit')
    this.#forget(victim.socket)
    return true
  }

  #forget(socket: Socket): void {
    const connection = this.#all.get(socket)
    if (connection === undefined) return
    this.#all.delete(socket)
    if (connection.address !== loopback) this.#remote -= 1
    this.#ahead -= connection.waiting.length
    connection.waiting.length = 0
  }

  readonly #take = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = this.#all.get(request.socket)
    // The client was refused, or has its last answer, and its request had arrived already.
    if (connection === undefined || !request.socket.writable) return
    this.#bodies.watch(request, response)
    if (connection.answering === undefined) return this.#begin(connection, { request, response })
    if (connection.waiting.length >= mostAhead || this.#ahead >= mostAheadOfAll) {
      this.#drop(request.socket, 'ahead')
      return
    }
    this.#ahead += 1
    connection.waiting.push({ request, response })
  }

  #begin(connection: Connection, exchange: Exchange): void {
    connection.answering = exchange
    connection.since = this.#timers.elapsed()
    const { request, response } = exchange
    response.once('close', () => this.#next(connection))
    this.answer(request, response)
  }

  #next(connection: Connection): void {
    const { waiting, unreadable, socket } = connection
    connection.answering = undefined
    connection.since = this.#timers.elapsed()
    // After an answer that ends the connection none can follow, so nothing may be recorded that would need one.
    if (!socket.writable) return
    const next = waiting.shift()
    if (next !== undefined) this.#ahead -= 1
    if (unreadable !== undefined && next?.request.complete !== true)
      answerUnreadable(unreadable, socket)
    else if (next !== undefined) this.#begin(connection, next)
  }

  /**
   * Answers what is not a request in its turn: before an answer that is under way, it would be taken for that
   * one, and the client would report usage again that is recorded.
   */
  readonly #refuse = (error: Unreadable, socket: Socket): void => {
    const connection = this.#all.get(socket)
    const answering = connection?.answering
    if (connection === undefined || answering === undefined || !socket.writable)
      return answerUnreadable(error, socket)
    const { request, response } = answering
    if (request.complete || response.headersSent) connection.unreadable ??= error
    else answerUnreadable(error, socket)
  }

  #drop(socket: Socket, reason: DropReason): void {
    if (!socket.destroyed) this.#limits.onDropped?.(reason)
    socket.destroy()
  }

  /** Ends connections whose answer is complete and is not read. */
  readonly #look = (): void => {
    const now = this.#timers.elapsed()
    for (const connection of this.#all.values()) {
      if (connection.answering === undefined) continue
      if (!isIdle(connection)) connection.since = now
      else if (now - connection.since >= unreadMs) this.#drop(connection.socket, 'unread')
    }
    this.#sweep = this.#timers.after(sweepMs, this.#look)
  }
}

/** Whether the sidecar has nothing to do for it: its answer, if there is one, only waits to be read. */
function isIdle({ answering }: Connection): boolean {
  return answering === undefined || answering.response.writableEnded
}

/** Both loopback addresses are one client: this machine. */
function addressOf({ remoteAddress = '' }: Socket): string {
  const isLoopback = remoteAddress === '::1' || /^(::ffff:)?127\./.test(remoteAddress)
  return isLoopback ? loopback : remoteAddress
}
