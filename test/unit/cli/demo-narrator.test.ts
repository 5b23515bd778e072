import { expect, test } from 'vitest'
import { narrate } from '../../../src/cli/demo/demo-narrator.ts'
import { Events } from '../../../src/kernel/events.ts'
import { hourMs } from '../../../src/metering/hour.ts'

function narrated() {
  const lines: string[] = []
  const events = new Events((error) => {
    throw error
  })
  narrate(events, (line) => lines.push(line))
  const report = (quantity: bigint, hour = 0) =>
    events.emit('usageReported', {
      dimension: 'nodes',
      accepted: 1,
      duplicates: 0,
      late: 0,
      notCounted: 0,
      quantity,
      earliestHour: hour * hourMs,
    })
  return { lines, report }
}

test('each amount is a line', () => {
  const { lines, report } = narrated()
  report(3_000_000n)
  report(2_000_000n)
  expect(lines).toEqual([
    'usage        +3 nodes, on disk, hour 1970-01-01T00h',
    'usage        +2 nodes, on disk, hour 1970-01-01T00h',
  ])
})

test('the readings of an hour are one line', () => {
  const { lines, report } = narrated()
  for (const hour of [0, 0, 0, 1, 1]) report(0n, hour)
  expect(lines).toEqual([
    'usage        a reading of nodes, on disk, hour 1970-01-01T00h',
    'usage        a reading of nodes, on disk, hour 1970-01-01T01h',
  ])
})
