import { describe, expect, test } from 'vitest'
import {
  aheadLimitMs,
  checkTotals,
  checkWindow,
} from '../../../src/ledger/reporting/check-reports.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import {
  batchMeterUsageWindow,
  meterUsageWindow,
  type RecordWindow,
} from '../../../src/metering/record/record-window.ts'
import { older, requests, storage } from '../../conformance/store/book-for-tests.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const largest = 10n ** 18n * unit
const accounts = { requests, storage, older }
type Amount = readonly [dimension: keyof typeof accounts, quantity: bigint]

describe('the time of a report', () => {
  const check = (occurredAt: number | undefined, now = noon, window = meterUsageWindow) =>
    checkWindow(reportOf('requests', unit, { occurredAt }), now, window, 3)
  const tooOld = (why: string) => ({
    code: 'OccurredAtTooOld',
    index: 3,
    message: `occurredAt lies ${why}, and AWS Marketplace accepts no usage that old. Report it without occurredAt to have it billed in the current hour.`,
  })
  const errorOf = (work: () => void) => {
    try {
      work()
    } catch (error) {
      const { code, message, index } = error as Error & { code: string; index: number }
      return { code, message, index }
    }
    return undefined
  }

  test.each([
    ['absent', undefined],
    ['now', noon],
    ['five minutes ahead', noon + 5 * 60_000],
    ['as old as AWS accepts', noon - 6 * hourMs],
  ])('may be %s', (_, occurredAt) => {
    expect(errorOf(() => check(occurredAt))).toBeUndefined()
  })

  test('may not be further ahead than a clock that runs a little fast', () => {
    expect(aheadLimitMs).toBe(300_000)
    expect(errorOf(() => check(noon + aheadLimitMs + 1))).toEqual({
      code: 'OccurredAtInFuture',
      index: 3,
      message:
        "occurredAt lies more than 5 minutes ahead of the sidecar's clock. Check the clock of the application, or leave occurredAt out for usage of this moment.",
    })
  })

  test.each<[string, RecordWindow, string, string]>([
    [
      'longer ago than AWS accepts',
      meterUsageWindow,
      '2026-03-10T05:59:59Z',
      'more than 6 hours back',
    ],
    [
      'longer ago than AWS accepts of a customer',
      batchMeterUsageWindow,
      '2026-03-09T11:59:59Z',
      'more than 24 hours back',
    ],
  ])('may not be %s', (_, window, at, why) => {
    expect(errorOf(() => check(Date.parse(at), noon, window))).toEqual(tooOld(why))
  })

  test('may not be in a month that AWS has closed', () => {
    const closed = Date.parse('2026-04-01T06:00:00.001Z')
    const lastHour = Date.parse('2026-03-31T23:30:00Z')
    const window = batchMeterUsageWindow
    expect(errorOf(() => check(lastHour, closed - 1, window))).toBeUndefined()
    expect(errorOf(() => check(lastHour, closed, window))).toEqual(tooOld('in the month before'))
    const aDayBefore = closed - 24 * hourMs
    expect(errorOf(() => check(aDayBefore, closed, window))).toEqual(tooOld('in the month before'))
    expect(errorOf(() => check(aDayBefore - 1, closed, window))).toEqual(
      tooOld('more than 24 hours back'),
    )
  })
})

describe('the reports of a request', () => {
  /** Checks reports of these amounts, in millionths, where each account has room for `largest`. */
  function check(...amounts: readonly Amount[]) {
    const page = openPage(new ModelBook(), 'pod:one')
    page.count(requests, unit)
    const reports = amounts.map(([name, quantity]) => reportOf(name, quantity))
    checkTotals(page, reports, ({ dimension }) => accounts[dimension as keyof typeof accounts])
  }
  const tooLarge = (dimension: string) =>
    expect.objectContaining({
      code: 'QuantityTooLarge',
      message: `All reports of ${dimension} would add up to more than 1000000000000000000 units, so nothing of this request was recorded. Look for a mistake in the unit, such as bytes where the product counts gigabytes.`,
    }) as unknown

  test.each<[string, readonly Amount[]]>([
    ['none', []],
    ['one', [['requests', largest - unit]]],
    [
      'several of two accounts',
      [
        ['requests', largest - 2n * unit],
        ['storage', largest],
        ['requests', unit],
      ],
    ],
    [
      'usage of two divisors',
      [
        ['older', largest],
        ['storage', largest],
      ],
    ],
  ])('may fill what is left of each account: %s', (_, amounts) => {
    expect(() => check(...amounts)).not.toThrow()
  })

  test.each<[string, readonly Amount[], string]>([
    ['one by itself', [['requests', largest - unit + 1n]], 'requests'],
    [
      'one of several',
      [
        ['storage', 1n],
        ['requests', largest],
      ],
      'requests',
    ],
    [
      'the first of several',
      [
        ['storage', largest + 1n],
        ['requests', 1n],
      ],
      'storage',
    ],
    [
      'their sum',
      [
        ['storage', largest],
        ['requests', 1n],
        ['storage', 1n],
      ],
      'storage',
    ],
  ])('may not exceed it: %s', (_, amounts, dimension) => {
    expect(() => check(...amounts)).toThrow(tooLarge(dimension))
  })
})
