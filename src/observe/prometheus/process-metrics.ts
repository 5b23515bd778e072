import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { mostOpenFiles } from '../../kernel/most-open-files.ts'
import type { MetricRegistry } from './metric-registry.ts'

/** How often the event loop is looked at, ms. A block that is much shorter stays unseen. */
const resolutionMs = 50

/** There is one event loop, whatever runs in it. Started with the first metrics. */
let delays: ReturnType<typeof monitorEventLoopDelay> | undefined

/**
 * The metrics that every process has, under the names that dashboards expect. Returns what reads them. The
 * delays of the event loop are those since the last reading.
 */
export function processMetrics(registry: MetricRegistry): () => Promise<void> {
  const cpu = registry.counter('process_cpu_seconds_total')
  const memory = registry.gauge('process_resident_memory_bytes')
  const openFiles = registry.gauge('process_open_fds')
  const maxFiles = registry.gauge('process_max_fds')
  const lag99 = registry.gauge('nodejs_eventloop_lag_p99_seconds')
  const longestLag = registry.gauge('nodejs_eventloop_lag_max_seconds')
  registry.gauge('process_start_time_seconds').set(performance.timeOrigin / 1000)
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: resolutionMs })
    delays.enable()
  }
  const histogram = delays
  let countedCpu = 0
  return async () => {
    const { user, system } = process.cpuUsage()
    const seconds = (user + system) / 1e6
    cpu.inc(seconds - countedCpu)
    countedCpu = seconds
    memory.set(process.memoryUsage.rss())
    lag99.set(lagSeconds(histogram.percentile(99)))
    longestLag.set(lagSeconds(histogram.max))
    histogram.reset()
    openFiles.set(await countOpenFiles())
    maxFiles.set(mostOpenFiles())
  }
}

/** The histogram has the time between two looks, which is never less than the resolution. */
function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000)
}

/** Without /proc, which only Linux has, the number is unknown. */
function countOpenFiles(): Promise<number> {
  return readdir('/proc/self/fd').then(
    // The folder itself is open while it is read.
    (names) => names.length - 1,
    () => NaN,
  )
}
