/**
 * Shows what a fleet does to AWS's quotas: `node bench/fleet.ts`. The proofs, senders and their retries are the real
 * ones, on a simulated clock; AWS is a quota. docs/explain/performance.md has the figures.
 */
import { simulateHourEnd, simulateStarts, type FleetReport } from '../test/support/fleet/fleet.ts'

const starts = await simulateStarts({ tasks: 2000, perSecond: 5, seed: 1 })
show('2,000 starts within one second, 5 calls a second', starts, 2)
const hourEnd = await simulateHourEnd({
  tasks: 10_000,
  perSecond: 10,
  seed: 1,
  dimensions: 3,
  spreadMs: 300_000,
})
show('the end of an hour for 10,000 pods with 3 dimensions, 10 calls a second', hourEnd, 10)

/** Prints the figures, and a bar of calls for each `minutes`. */
function show(title: string, report: FleetReport, minutes: number): void {
  const { calls, throttled, done, doneAt, arrivals } = report
  const at = (share: number) => Math.round((doneAt[Math.ceil(share * done) - 1] ?? 0) / 1000)
  console.log(`\n${title}`)
  console.log(`${done} done, after ${at(0.5)} s (median), ${at(0.99)} s (p99), ${at(1)} s (last)`)
  console.log(`${calls} calls, of which AWS throttled ${throttled}`)
  const bins = Array.from({ length: Math.ceil(arrivals.length / minutes) }, (_, index) =>
    arrivals.slice(index * minutes, (index + 1) * minutes).reduce((sum, count) => sum + count, 0),
  )
  const most = Math.max(...bins)
  for (const [index, count] of bins.entries()) {
    const bar = '#'.repeat(Math.ceil((count / most) * 50))
    console.log(`${String(index * minutes).padStart(4)} min ${String(count).padStart(6)} ${bar}`)
  }
}
