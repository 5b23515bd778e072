import { describe, expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { logEvents } from '../../../src/observe/log/event-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'

function createBench() {
  const events = new Events()
  const recorded = createRecordedLog()
  const clock = new ManualClock()
  logEvents(events, recorded.log, clock)
  const skew = (clockSkewSeconds: number | undefined) =>
    events.emit('awsCalled', {
      operation: 'MeterUsage',
      outcome: 'ok',
      seconds: 0.1,
      clockSkewSeconds,
      requestId: undefined,
    })
  return {
    events,
    clock,
    skew,
    lines: () => recorded.lines.map(({ level, event, message }) => `${level} ${event}: ${message}`),
    fields: () => recorded.lines.map(({ fields }) => fields),
  }
}

describe('the log of events', () => {
  test('has a line for a sealed and one for an accepted record', () => {
    const { events, lines } = createBench()
    const record = {
      id: 1,
      dimension: 'requests',
      hour: Date.parse('2026-03-10T09:00:00Z'),
      quantity: 3_000_000n,
    }
    events.emit('recordSealed', record)
    events.emit('recordAttempted', {
      ...record,
      outcome: 'ok',
      code: undefined,
      message: undefined,
      meteringRecordId: 'm',
    })
    expect(lines()).toEqual([
      'info record.sealed: 3 requests of 2026-03-10T09:00:00.000Z',
      'info record.accepted: AWS accepted 3 requests of 2026-03-10T09:00:00.000Z',
    ])
  })

  test('says once that the clock is off, in either direction, and once that it agrees again', () => {
    const { lines, skew } = createBench()
    for (const seconds of [0, 60, undefined, -61, -70, undefined, 1, 300]) skew(seconds)
    expect(lines().map((line) => line.split(':', 1)[0])).toEqual([
      'warn clock.skewed',
      'info clock.mended',
      'warn clock.skewed',
    ])
    expect(lines()[0]).toMatch(/ 61 s behind this one/)
  })

  test('does not say that nothing was recorded where that is unknown', () => {
    const { events, lines } = createBench()
    for (const code of ['LedgerFailed', 'InternalError', 'DatabaseOutcomeUnknown', 'LedgerFull'])
      events.emit('usageRefused', { dimension: 'requests', code, requestId: 'r1' })
    const unknown = /whether it was recorded is unknown/
    expect(lines().map((line) => unknown.test(line))).toEqual([true, true, true, false])
    expect(lines().at(-1)).toContain('no part of it was recorded')
  })

  test('says at once that a report was refused, and then once an hour how often', async () => {
    const { events, lines, fields, clock } = createBench()
    const refuse = (code: string, requestId: string) =>
      events.emit('usageRefused', { dimension: 'requests', code, requestId })
    for (const id of ['r1', 'r2', 'r3']) refuse('OccurredAtTooOld', id)
    refuse('QuantityNegative', 'r4')
    expect(lines()).toHaveLength(2)
    expect(lines()[0]).toMatch(/^warn usage\.refused: A report of requests was refused \(Occurred/)
    await clock.advance(3_600_000)
    refuse('OccurredAtTooOld', 'r5')
    refuse('OccurredAtTooOld', 'r6')
    expect(fields()).toEqual([
      { code: 'OccurredAtTooOld', dimension: 'requests', requestId: 'r1', times: 1 },
      { code: 'QuantityNegative', dimension: 'requests', requestId: 'r4', times: 1 },
      { code: 'OccurredAtTooOld', dimension: 'requests', requestId: 'r5', times: 3 },
    ])
  })

  test('warns of tag sets that AWS would not accept', () => {
    const { events, lines } = createBench()
    events.emit('tagSetsOverflowed', { dimension: 'requests', reports: 7 })
    expect(lines()[0]).toMatch(/^warn usage\.tags-folded: 7 /)
  })

  test('warns of tag sets of a dimension once an hour, however many reports have them', async () => {
    const { events, fields, clock } = createBench()
    const fold = (dimension: string) => events.emit('tagSetsOverflowed', { dimension, reports: 1 })
    for (let report = 0; report < 100; report += 1) fold('requests')
    fold('storage')
    await clock.advance(3_600_000)
    for (let report = 0; report < 100; report += 1) fold('requests')
    expect(fields()).toEqual([
      { dimension: 'requests', reports: 1 },
      { dimension: 'storage', reports: 1 },
      { dimension: 'requests', reports: 100 },
    ])
  })
})
