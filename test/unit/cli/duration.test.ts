import { describe, expect, test } from 'vitest'
import { parseDuration, showDuration } from '../../../src/cli/duration.ts'

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['1m', 60_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', '20', 's', '0s', '-1s', '1 s', '1d', '1h30m', '1e3s', ' 1s'])(
    '%j is not a duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  test.each([
    [20_000, '20 s'],
    [500, '500 ms'],
    [60_000, '1 m'],
    [90_000, '1.5 m'],
    [3_600_000, '1 h'],
    [0.5, '0.5 ms'],
  ])('%d milliseconds are shown as %s', (ms, text) => {
    expect(showDuration(ms)).toBe(text)
  })
})
