import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { sleep, type Clock, type Timer } from '../../kernel/clock.ts'

interface LineOutputOptions {
  /** The descriptor to write to. */
  readonly descriptor: number
  /** Real time. */
  readonly timers: Clock
  /** Called when lines are accepted again after some were dropped, with their number. */
  readonly onDropped: (lines: number) => void
  /** What may wait for the reader; a line that finds no room is dropped. */
  readonly mostWaitingBytes?: number
}

const defaultWaitingBytes = 262_144
const tryAgainMs = 50
const drainMs = 500

/**
 * Writes lines to a descriptor and never waits: a pipe that is not read would otherwise stop the whole
 * program. What the system does not accept now waits, up to a limit; further lines are dropped and counted.
 */
export class LineOutput {
  readonly #options: LineOutputOptions
  readonly #descriptor: number
  readonly #mostWaitingBytes: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #droppedInAll = 0
  #unreported = 0
  #timer: Timer | undefined

  constructor(options: LineOutputOptions) {
    this.#options = options
    this.#mostWaitingBytes = options.mostWaitingBytes ?? defaultWaitingBytes
    this.#descriptor = withoutWaiting(options.descriptor)
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#droppedInAll
  }

  /** Writes text that ends a line. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waiting.length > 0 && this.#waitingBytes + bytes.length > this.#mostWaitingBytes) {
      this.#drop(1)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#timer === undefined) this.#flush()
  }

  /** Resolves when nothing waits, or when the reader has had half a second for the rest. */
  async drained(): Promise<void> {
    const { timers } = this.#options
    const endsAt = timers.elapsed() + drainMs
    while (this.#waiting.length > 0 && timers.elapsed() < endsAt) await sleep(timers, tryAgainMs)
  }

  #flush(): void {
    this.#timer = undefined
    while (this.#waiting.length > 0) {
      const [first = Buffer.alloc(0)] = this.#waiting
      let written = 0
      try {
        written = writeSync(this.#descriptor, first)
      } catch (error) {
        if (isFull(error)) this.#timer = this.#options.timers.after(tryAgainMs, () => this.#flush())
        // No reader any more, or a full disk: the lines are lost, and the work goes on.
        else this.#dropAll()
        return
      }
      this.#waitingBytes -= written
      if (written < first.length) this.#waiting[0] = first.subarray(written)
      else this.#waiting.shift()
    }
    if (this.#unreported === 0) return
    const lines = this.#unreported
    this.#unreported = 0
    this.#options.onDropped(lines)
  }

  #dropAll(): void {
    this.#drop(this.#waiting.length)
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #drop(lines: number): void {
    this.#droppedInAll += lines
    this.#unreported += lines
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

/**
 * Returns a descriptor for the same pipe or terminal whose writes do not wait. Opened anew, so that other
 * programs that share the given one do not notice; where that is not allowed, the given one is changed.
 */
function withoutWaiting(descriptor: number): number {
  const file = fstatSync(descriptor)
  if (file.isFile()) return descriptor
  try {
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY
    const own = openSync(`/proc/self/fd/${descriptor}`, flags)
    const { dev, ino } = fstatSync(own)
    if (dev === file.dev && ino === file.ino) return own
    closeSync(own)
  } catch {
    // A socket cannot be opened, and neither can a pipe of another user.
  }
  if (file.isFIFO() || file.isSocket())
    new Socket({ fd: descriptor, readable: false, writable: true }).on('error', () => {}).unref()
  return descriptor
}
