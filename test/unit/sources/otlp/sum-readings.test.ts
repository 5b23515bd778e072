import { expect, test } from 'vitest'
import { untagged } from '../../../../src/metering/tags.ts'
import { sumReadings, type StreamReading } from '../../../../src/sources/otlp/sum-readings.ts'

const reading = (series: string, value: number, at: number): StreamReading => ({
  dimension: 'hosts',
  tags: untagged,
  series,
  value: BigInt(value),
  at,
})

const summed = (readings: readonly StreamReading[]) =>
  sumReadings(readings).map(({ quantity, occurredAt }) => [Number(quantity), occurredAt])

test('gauges of one request are added up', () => {
  expect(summed([reading('a', 3, 10), reading('b', 4, 12)])).toEqual([[7, 12]])
})

test('several values of a gauge are several readings, in the order of their times', () => {
  const readings = [reading('a', 5, 20), reading('a', 3, 10), reading('b', 4, 11)]
  expect(summed(readings)).toEqual([
    [7, 11],
    [9, 20],
  ])
})

test('dimensions are kept apart', () => {
  const seats = { ...reading('c', 1, 10), dimension: 'seats' }
  expect(sumReadings([reading('a', 3, 10), seats])).toHaveLength(2)
})
