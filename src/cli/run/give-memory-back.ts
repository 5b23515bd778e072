import type { Clock, Timer } from '../../kernel/clock.ts'

const intervalMs = 1000
/** With less to do than this, as a share of the time, the process counts as quiet. */
const quietShare = 0.05
const growthBytes = 8_000_000
/** A collection takes about 1.5 ms for each MB that is in use. */
const mostHeapBytes = 24_000_000

/** What the process is asked about its memory and its time. */
interface ProcessMemory {
  memory(): { readonly rss: number; readonly heapUsed: number }
  /** The share of the time since the last call in which the event loop had something to do, from 0 to 1. */
  busyShare(): number
  /** Collects all garbage and gives its pages back to the system. The event loop stands still meanwhile. */
  collect(): void
}

/**
 * Collects garbage after the start, and whenever the process has grown by 8 MB, as soon as it has had nothing
 * to do for a second. V8 by itself keeps what a start or a burst of reports has left, for as long as nothing
 * is allocated. A heap above 24 MB is left to V8, so that a request waits about 40 ms at most.
 */
export function giveMemoryBack(timers: Pick<Clock, 'after'>, own: ProcessMemory): Disposable {
  let enoughBytes = 0
  let timer: Timer
  const look = () => {
    timer = timers.after(intervalMs, look)
    if (own.busyShare() > quietShare) return
    const { rss, heapUsed } = own.memory()
    if (rss < enoughBytes || heapUsed > mostHeapBytes) return
    own.collect()
    enoughBytes = own.memory().rss + growthBytes
  }
  timer = timers.after(intervalMs, look)
  return { [Symbol.dispose]: () => timer.cancel() }
}

/** This process, or undefined where Node runs without `--expose-gc`. */
export function thisProcess(): ProcessMemory | undefined {
  const { gc } = globalThis
  if (gc === undefined) return undefined
  let last = performance.eventLoopUtilization()
  return {
    memory: () => process.memoryUsage(),
    busyShare: () => {
      const before = last
      last = performance.eventLoopUtilization()
      return performance.eventLoopUtilization(last, before).utilization
    },
    // This flavor alone gives pages back.
    collect: () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  }
}
