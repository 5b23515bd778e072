import { expect, test } from 'vitest'
import { HeardHours } from '../../../src/channels/heard-hours.ts'
import { hourMs } from '../../../src/metering/hour.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')

test('an hour was heard of the dimensions whose source was there, and of no other', () => {
  const heard = new HeardHours()
  heard.note(['requests', 'storage'], nine + 1)
  heard.note(['requests'], nine + hourMs)
  expect([heard.has('requests', nine), heard.has('requests', nine + hourMs)]).toEqual([true, true])
  expect([heard.has('storage', nine), heard.has('storage', nine + hourMs)]).toEqual([true, false])
  expect(heard.has('hosts', nine)).toBe(false)
})

test('the last thirty hours are remembered, however often each was heard', () => {
  const heard = new HeardHours()
  for (let hour = 0; hour < 31; hour += 1)
    for (const minute of [0, 1]) heard.note(['requests'], nine + hour * hourMs + minute * 60_000)
  expect(heard.has('requests', nine)).toBe(false)
  for (let hour = 1; hour < 31; hour += 1)
    expect(heard.has('requests', nine + hour * hourMs)).toBe(true)
})
