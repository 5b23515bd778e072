import { describe, expect, test } from 'vitest'
import { hourOf, recordTimestamp } from '../../../src/metering/hour.ts'

const at = (time: string) => Date.parse(time)

describe('an hour', () => {
  test('is named by its start, even over midnight and the end of a month', () => {
    expect(hourOf(at('2026-02-28T23:59:59.999Z'))).toBe(at('2026-02-28T23:00:00Z'))
    expect(hourOf(at('2026-03-01T00:00:00Z'))).toBe(at('2026-03-01T00:00:00Z'))
    expect(hourOf(-1)).toBe(-3_600_000)
  })
})

describe('the timestamp of a record', () => {
  const hour = at('2026-03-10T09:00:00Z')

  test('is the last second of an hour that is over', () => {
    expect(recordTimestamp(hour, at('2026-03-10T10:01:00Z'))).toBe(at('2026-03-10T09:59:59Z'))
  })

  test('is the whole second of sealing when the hour still runs', () => {
    expect(recordTimestamp(hour, at('2026-03-10T09:17:20.900Z'))).toBe(at('2026-03-10T09:17:20Z'))
  })

  test('never leaves the hour, even when the clock has stepped back before it', () => {
    expect(recordTimestamp(hour, at('2026-03-10T08:30:00Z'))).toBe(hour)
  })
})
