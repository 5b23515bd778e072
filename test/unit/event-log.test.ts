import { describe, expect, test } from 'vitest'
import { Hooks } from '../../src/hooks.ts'
import type { Log } from '../../src/log.ts'
import { logEvents } from '../../src/metrics/event-log.ts'

function createBench() {
  const hooks = new Hooks()
  const lines: string[] = []
  const write = (level: string) => (event: string, message: string) =>
    lines.push(`${level} ${event}: ${message}`)
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  logEvents(hooks, log)
  const skew = (clockSkewSeconds: number | undefined) =>
    hooks.emit('awsCalled', {
      operation: 'MeterUsage',
      outcome: 'ok',
      seconds: 0.1,
      clockSkewSeconds,
    })
  return { hooks, lines, skew }
}

describe('the log of events', () => {
  test('has a line for a sealed and one for an accepted record', () => {
    const { hooks, lines } = createBench()
    const record = {
      id: 1,
      dimension: 'requests',
      hour: Date.parse('2026-03-10T09:00:00Z'),
      quantity: 3,
    }
    hooks.emit('recordSealed', record)
    hooks.emit('recordAttempted', {
      ...record,
      outcome: 'ok',
      code: undefined,
      message: undefined,
      meteringRecordId: 'm',
    })
    expect(lines).toEqual([
      'info record.sealed: 3 requests of 2026-03-10T09:00:00.000Z',
      'info record.accepted: AWS accepted 3 requests of 2026-03-10T09:00:00.000Z',
    ])
  })

  test('says once that the clock is off, in either direction, and once that it is mended', () => {
    const { lines, skew } = createBench()
    for (const seconds of [0, 60, undefined, -61, -70, undefined, 1, 300]) skew(seconds)
    expect(lines.map((line) => line.split(':', 1)[0])).toEqual([
      'warn clock.skewed',
      'info clock.mended',
      'warn clock.skewed',
    ])
    expect(lines[0]).toMatch(/-61 s ahead/)
  })

  test('warns of tag sets that AWS would not take', () => {
    const { hooks, lines } = createBench()
    hooks.emit('tagSetsOverflowed', { dimension: 'requests', reports: 7 })
    expect(lines[0]).toMatch(/^warn usage\.tags-folded: 7 /)
  })
})
