import { expect, test } from 'vitest'
import type { RecordAnswer, UsageAnswer } from '../../../src/http/routes/answers.ts'
import { usageExample } from '../../../src/http/openapi/openapi-examples.ts'
import { billedUnits, hoursOf, hoursShown, totalOf } from '../../../status-page/hours.ts'

const nothing: UsageAnswer = {
  ...usageExample,
  now: '2026-03-10T11:20:00.000Z',
  open: [],
  readings: [],
  late: [],
  pending: [],
  settled: [],
}
const eleven = '2026-03-10T11:00:00.000Z'
const ten = '2026-03-10T10:00:00.000Z'

function record(state: RecordAnswer['state'], quantity: number, hour = ten): RecordAnswer {
  const [first] = usageExample.settled
  if (first === undefined) throw new Error('the example does not have a record')
  return { ...first, state, quantity, hour, movedTo: state === 'moved' ? eleven : null }
}

/** Returns the last hours of the first dimension, the current one last. */
function lastHours(usage: Partial<UsageAnswer>, count = 1) {
  return hoursOf({ ...nothing, ...usage })[0]?.hours.slice(-count) ?? []
}

test('there are 48 hours, and the last is the current one', () => {
  const hours = lastHours({}, hoursShown)
  expect(hours).toHaveLength(48)
  expect(hours.at(-1)?.hour).toBe(Date.parse(eleven))
  expect(hours[0]?.hour).toBe(Date.parse('2026-03-08T12:00:00.000Z'))
  expect(hours.every((parts) => totalOf(parts) === 0)).toBe(true)
})

test('an hour ahead that has usage is the last one', () => {
  const open = [{ dimension: 'requests', hour: '2026-03-10T12:00:00.000Z', quantity: 1 }]
  expect(lastHours({ open })).toMatchObject([{ hour: Date.parse('2026-03-10T12:00:00Z'), open: 1 }])
})

test('each record is in the place of its state', () => {
  const [parts] = lastHours(
    {
      settled: [record('accepted', 1), record('unresolved', 2), record('moved', 4)],
      pending: [record('sealed', 8), record('sending', 16), record('refused', 32)],
    },
    2,
  )
  expect(parts).toMatchObject({ accepted: 1, problem: 34, moved: 4, pending: 24 })
  expect(parts && totalOf(parts)).toBe(59)
})

test('usage that is held or was written off has not moved to a later hour', () => {
  const settled = [{ ...record('moved', 4), movedTo: null }]
  expect(lastHours({ settled }, 2)).toMatchObject([{ moved: 0 }, { moved: 0 }])
})

test('late usage is removed from the other parts of its hour, so that they add up', () => {
  const late = [{ dimension: 'requests', hour: eleven, quantity: 5 }]
  const open = [{ dimension: 'requests', hour: eleven, quantity: 3 }]
  const settled = [record('accepted', 10, eleven)]
  const [parts] = lastHours({ late, open, settled })
  expect(parts).toMatchObject({ open: 0, accepted: 8, late: 5 })
  expect(parts && totalOf(parts)).toBe(13)
})

test('late usage that is no longer in any place is not shown', () => {
  const late = [{ dimension: 'requests', hour: eleven, quantity: 5 }]
  expect(lastHours({ late, settled: [record('moved', 5, eleven)] })).toMatchObject([
    { late: 0, moved: 5 },
  ])
})

test('open usage counts in the units of the bill', () => {
  const dimensions = [{ name: 'storage', unit: 'MiB', divisor: 1024, aggregate: 'sum' as const }]
  const open = [{ dimension: 'storage', hour: eleven, quantity: 2500 }]
  expect(lastHours({ dimensions, open })).toMatchObject([{ open: 2.441 }])
  expect(billedUnits(0.000001, 1)).toBe(0.000001)
})

test('a dimension that the product no longer has is shown while it has usage', () => {
  const settled = [{ ...record('accepted', 1), dimension: 'gone' }]
  expect(hoursOf({ ...nothing, settled }).map(({ name }) => name)).toEqual(['requests', 'gone'])
})

test('what readings come to so far is open, together with what was carried into their hour', () => {
  const reading = { dimension: 'requests', hour: eleven, aggregate: 'max' as const, count: 3 }
  const open = [{ dimension: 'requests', hour: eleven, quantity: 2 }]
  const readings = [{ ...reading, quantity: 7 }]
  expect(lastHours({ readings, open })).toMatchObject([{ open: 9 }])
  expect(lastHours({ readings })).toMatchObject([{ open: 7 }])
})
