import { expect, test } from 'vitest'
import { simulateHourEnd, simulateStarts, type FleetReport } from '../../support/fleet/fleet.ts'

/** The arrivals of each `minutes`, from the busiest on, which is near the beginning. */
function fallOf({ arrivals }: FleetReport, minutes: number): number[] {
  const bins = Array.from({ length: Math.ceil(arrivals.length / minutes) }, (_, index) =>
    arrivals.slice(index * minutes, (index + 1) * minutes).reduce((sum, count) => sum + count, 0),
  )
  const peak = bins.indexOf(Math.max(...bins))
  expect(peak).toBeLessThan(2)
  return bins.slice(peak)
}

/** No bin is much larger than the one before: sidecars that were refused together do not come back together. */
function expectNoWaves(fall: readonly number[]): void {
  for (const [index, count] of fall.entries())
    expect(count).toBeLessThanOrEqual(1.25 * (fall[index - 1] ?? Infinity) + 25)
}

// A fifth of the fleet that docs/explain/performance.md shows, with a fifth of the quota.
test('an hour that ends for 2,000 pods at once is billed whole inside the window, without waves', async () => {
  const fleet = { tasks: 2000, perSecond: 2, seed: 7, dimensions: 3, spreadMs: 300_000 }
  const report = await simulateHourEnd(fleet)
  expect(report.done).toBe(6000)
  // AWS needs 50 minutes for so many, and accepts a record for six hours.
  expect(report.doneAt.at(-1)).toBeLessThan(3 * 3_600_000)
  expectNoWaves(fallOf(report, 10))
})

test('400 starts within one second are all entitled, without waves', async () => {
  const report = await simulateStarts({ tasks: 400, perSecond: 1, seed: 7 })
  expect(report.done).toBe(400)
  expect(report.doneAt.at(-1)).toBeLessThan(3_600_000)
  expectNoWaves(fallOf(report, 1))
})

test('a fleet within the quota sends each record once, inside its spread', async () => {
  const fleet = { tasks: 100, perSecond: 10, seed: 7, dimensions: 3, spreadMs: 300_000 }
  const report = await simulateHourEnd(fleet)
  expect(report).toMatchObject({ done: 300, calls: 300 })
  expect(report.doneAt.at(-1)).toBeLessThanOrEqual(300_000)
})
