import { describe, expect, test } from 'vitest'
import { callOutcomes, Events } from '../../../src/kernel/events.ts'
import { operatorActions } from '../../../src/metering/record/operator-table.ts'
import { recordStates } from '../../../src/metering/record/record-states.ts'
import {
  acceptedUntil,
  batchMeterUsageWindow,
  meterUsageWindow,
} from '../../../src/metering/record/record-window.ts'
import { eventually } from '../../support/eventually.ts'
import type { LedgerGauges } from '../../../src/store/summary.ts'
import {
  fullNameOf,
  metricTable,
  type MetricDefinition,
} from '../../../src/observe/prometheus/metric-table.ts'
import { countEvents } from '../../../src/observe/prometheus/count-events.ts'
import { MetricRegistry } from '../../../src/observe/prometheus/metric-registry.ts'
import { createMetrics } from '../../../src/observe/prometheus/metrics.ts'

const now = Date.parse('2026-03-10T12:15:00Z')

function create(
  gauges: Partial<LedgerGauges> = {},
  clock = { now },
  onRead = () => {},
  window = meterUsageWindow,
) {
  const events = new Events((error) => {
    throw error
  })
  const registry = new MetricRegistry()
  const sets = { dimensions: ['requests', 'storage'], entitlementStates: ['entitled', 'denied'] }
  countEvents(registry, { events, sources: ['prometheus'], startedAt: now - 5000, ...sets })
  const metrics = createMetrics(registry, {
    ...sets,
    info: { version: '1', productCode: 'p', route: 'both', platform: 'ecs', region: 'eu-west-1' },
    now: () => clock.now,
    sealDelayMs: 60_000,
    recordWindowMs: window.longestMs,
    acceptedUntil: (hour) => acceptedUntil(window, hour),
    droppedLines: () => 0,
    ledger: {
      gauges: async () => {
        onRead()
        return {
          states: new Map(recordStates.map((state) => [state, 0])),
          pending: new Map(),
          held: new Map(),
          guardedHours: [],
          unsentHours: new Map(),
          oldestUnsentHour: undefined,
          ...gauges,
        }
      },
      space: () => Promise.resolve({ ledgerBytes: 4096, freeBytes: 1000, volumeBytes: 5000 }),
    },
    entitlement: () => ({ state: 'denied', entitled: false }),
  })
  return {
    events,
    render: () => metrics.render(),
    reading: () => metrics.read(),
    contentType: metrics.contentType,
  }
}

/** The value of one series, or undefined. */
async function read(render: () => Promise<string>, series: string): Promise<number | undefined> {
  const lines = (await render()).split('\n')
  const line = lines.find((candidate) => candidate.startsWith(`${fullNameOf(series)} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1)?.replace('Inf', 'Infinity'))
}

test('numbers that take long to read are not read at each scrape', async () => {
  let reads = 0
  for (const [cpuSeconds, expected] of [
    [0.001, 3],
    [0.3, 1],
  ] as const) {
    reads = 0
    const { render } = create({ cpuSeconds }, { now }, () => {
      reads += 1
    })
    for (let scrape = 0; scrape < 3; scrape += 1) await render()
    expect(reads).toBe(expected)
  }
})

describe('the table of metrics', () => {
  const rows = Object.entries<MetricDefinition>(metricTable)

  test('follows the rules for names', () => {
    for (const [name, { type }] of rows) {
      expect(fullNameOf(name)).toMatch(/^[a-z]+(_[a-z\d]+)+$/)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      expect(name, name).not.toMatch(/_(ms|millis|minutes|kilobytes|count|sum|bucket)$/)
    }
  })

  test('has help without a full stop, and labels in snake case', () => {
    for (const [name, { help, labels }] of rows) {
      expect(help, name).toMatch(/^[A-Z].*[^.]$/)
      for (const label of labels) expect(label, name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    }
  })

  test('has a unit that agrees with the name', () => {
    for (const [name, { unit, type }] of rows) {
      const base = name.replace(/_total$/, '')
      for (const named of ['seconds', 'bytes'] as const)
        expect(unit === named, `${name}: ${unit}`).toBe(base.endsWith(`_${named}`))
      expect(type === 'histogram' && unit !== 'seconds', name).toBe(false)
    }
  })

  test('names what it counts, or counts units of usage', () => {
    /** Names that are as clear, and how the unit is said in them. */
    const said: Readonly<Record<string, RegExp>> = {
      reports: /_(reports|calls)$/,
      changes: /_transitions$/,
      descriptors: /_fds$/,
      units: /^usage_(?!.*(reports|calls|readings))/,
      flag: /./,
    }
    for (const [name, { unit }] of rows) {
      const base = name.replace(/_total$/, '')
      expect(base, `${name}: ${unit}`).toMatch(said[unit] ?? new RegExp(`(^|_)${unit}(_|$)`))
    }
  })

  test('gives buckets to histograms, rising, and to nothing else', () => {
    for (const [name, { type, buckets }] of rows) {
      expect(buckets !== undefined, name).toBe(type === 'histogram')
      expect(buckets ?? [], name).toEqual((buckets ?? []).toSorted((a, b) => a - b))
    }
  })
})

describe('the metrics', () => {
  test('begin with zeros for every dimension of the product', async () => {
    const { render, contentType } = create()
    expect(contentType).toMatch(/^text\/plain/)
    for (const dimension of ['requests', 'storage']) {
      for (const name of [
        'usage_reported_total',
        'usage_accepted_total',
        'usage_pending',
        'usage_held',
        'usage_imbalance',
      ])
        expect(await read(render, `${name}{dimension="${dimension}"}`), name).toBe(0)
      expect(
        await read(render, `usage_reports_total{dimension="${dimension}",result="refused"}`),
      ).toBe(0)
    }
    for (const state of recordStates)
      expect(await read(render, `records{state="${state}"}`), state).toBe(0)
    expect(await read(render, 'unsent_deadline_seconds')).toBe(Infinity)
  })

  test('show how long ago the oldest unsent hour ended, and how long AWS still accepts it', async () => {
    const { render } = create({ oldestUnsentHour: Date.parse('2026-03-10T10:00:00Z') })
    expect(await read(render, 'oldest_unsent_seconds')).toBe(75 * 60)
    expect(await read(render, 'unsent_deadline_seconds')).toBe(6 * 3600 - 75 * 60)
  })

  test('go by the window of the customers where the product has customers', async () => {
    const hour = Date.parse('2026-03-10T10:00:00Z')
    const gauges = { oldestUnsentHour: hour, guardedHours: [hour] }
    const { render } = create(gauges, { now }, () => {}, batchMeterUsageWindow)
    expect(await read(render, 'unsent_deadline_seconds')).toBe(24 * 3600 - 75 * 60)
    expect(await read(render, 'held_deadline_seconds')).toBe(24 * 3600 - 75 * 60)
  })

  test('show how long usage of a customer who is not registered can wait', async () => {
    const hour = Date.parse('2026-03-10T10:00:00Z')
    const of = (oldestUnregisteredHour?: number) =>
      read(
        create({ oldestUnregisteredHour }, { now }, () => {}, batchMeterUsageWindow).render,
        'unregistered_deadline_seconds',
      )
    expect(await of(hour)).toBe(24 * 3600 - 75 * 60)
    expect(await of()).toBe(Infinity)
  })

  test('count an open hour that stays open although sealing is due', async () => {
    const clock = { now }
    const { render } = create({ oldestOpenHour: Date.parse('2026-03-10T09:00:00Z') }, clock)
    expect(await read(render, 'oldest_unsent_seconds')).toBe(0)
    clock.now += 3 * 60_000
    expect(await read(render, 'oldest_unsent_seconds')).toBe((2 * 60 + 18) * 60)
    expect(await read(render, 'unsent_deadline_seconds')).toBe((6 * 60 - 2 * 60 - 18) * 60)
  })

  test('do not count an open hour that is not due', async () => {
    const clock = { now }
    const { render } = create({ oldestOpenHour: Date.parse('2026-03-10T12:00:00Z') }, clock)
    for (const minutes of [0, 10, 30]) {
      clock.now = now + minutes * 60_000
      expect(await read(render, 'oldest_unsent_seconds')).toBe(0)
    }
  })

  test('count the unsent records by the age of their hour', async () => {
    const hoursAgo = (hours: number) => Date.parse('2026-03-10T11:00:00Z') - hours * 3_600_000
    const { render } = create({
      unsentHours: new Map([
        [hoursAgo(-1), 1],
        [hoursAgo(0), 2],
        [hoursAgo(5), 3],
        [hoursAgo(6), 4],
        [hoursAgo(50), 5],
      ]),
    })
    const ages = ['0', '1', '2', '3', '4', '5', '6+']
    const counts = await Promise.all(
      ages.map((age) => read(render, `unsent_records{age_hours="${age}"}`)),
    )
    expect(counts).toEqual([3, 0, 0, 0, 0, 3, 9])
  })

  test('show the disk, the memory and the start', async () => {
    const { render } = create()
    expect(await read(render, 'ledger_bytes')).toBe(4096)
    expect(await read(render, 'ledger_free_bytes')).toBe(1000)
    expect(await read(render, 'ledger_volume_bytes')).toBe(5000)
    expect(await read(render, 'process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(await read(render, 'start_time_seconds')).toBe(now / 1000)
  })

  test('show the process as every process is shown', async () => {
    const { render } = create()
    const before = Number(await read(render, 'process_cpu_seconds_total'))
    let text = ''
    const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
    const block = async () => {
      const blockedUntil = performance.now() + 120
      while (performance.now() < blockedUntil) process.cpuUsage()
      // The timers run before the answer, as they do before a scrape.
      await new Promise((resolve) => setTimeout(resolve))
    }
    await eventually(async () => {
      // The delay before the first look after a reading stays unseen.
      await block()
      await block()
      text = await render()
      return value('nodejs_eventloop_lag_max_seconds') > 0.05
    })
    expect(value('process_cpu_seconds_total')).toBeGreaterThanOrEqual(before)
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeLessThanOrEqual(
      value('nodejs_eventloop_lag_max_seconds'),
    )
    expect(value('process_start_time_seconds')).toBeCloseTo(performance.timeOrigin / 1000, 3)
    expect(value('process_open_fds')).toBeGreaterThan(2)
    expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'))
  })

  test('can be read as sums of series', async () => {
    const { events, reading } = create()
    for (const [dimension, quantity] of [
      ['requests', 1_000_000n],
      ['storage', 4_000_000n],
    ] as const)
      events.emit('usageReported', {
        dimension,
        accepted: 1,
        duplicates: 0,
        late: 0,
        notCounted: 0,
        quantity,
        earliestHour: 0,
      })
    const valueOf = await reading()
    expect(valueOf('usage_reported_total')).toBe(5)
    expect(valueOf('usage_reported_total', { dimension: 'storage' })).toBe(4)
    expect(valueOf('usage_reports_total', { dimension: 'storage', result: 'accepted' })).toBe(1)
    expect(valueOf('usage_reports_total', { dimension: 'seats' })).toBe(0)
  })

  test('leave the delays of the event loop to Prometheus when CloudWatch reads', async () => {
    const { render, reading } = create()
    const valueOf = await reading()
    expect(valueOf('process_open_fds')).toBe(0)
    expect(valueOf('ledger_free_bytes')).toBe(1000)
    expect(await read(render, 'process_open_fds')).toBeGreaterThan(2)
  })

  test('count refused reports without a known dimension from 0 on', async () => {
    const { render } = create()
    expect(await read(render, 'usage_reports_total{dimension="unknown",result="refused"}')).toBe(0)
  })

  test('count attempts and decisions from 0 on: Prometheus does not see the first increase of a new series', async () => {
    const { render } = create()
    for (const outcome of callOutcomes)
      expect(await read(render, `record_attempts_total{outcome="${outcome}"}`)).toBe(0)
    for (const action of operatorActions)
      expect(await read(render, `operator_decisions_total{action="${action}"}`)).toBe(0)
  })

  test('count the reports, units and attempts of the events', async () => {
    const { events, render } = create()
    events.emit('usageReported', {
      dimension: 'requests',
      accepted: 2,
      duplicates: 1,
      late: 1,
      notCounted: 0,
      quantity: 2_500_000n,
      earliestHour: 0,
    })
    events.emit('usageRefused', { dimension: undefined, code: 'InvalidRequest', requestId: 'r' })
    const attempt = {
      id: 1,
      dimension: 'requests',
      hour: 0,
      quantity: 5_000_000n,
      meteringRecordId: 'x',
    }
    events.emit('recordAttempted', { ...attempt, outcome: 'throttled', code: 'T', message: 'm' })
    events.emit('recordAttempted', {
      ...attempt,
      outcome: 'ok',
      code: undefined,
      message: undefined,
    })
    expect(await read(render, 'usage_reports_total{dimension="requests",result="accepted"}')).toBe(
      2,
    )
    expect(await read(render, 'usage_reports_total{dimension="requests",result="duplicate"}')).toBe(
      1,
    )
    expect(await read(render, 'usage_reports_total{dimension="unknown",result="refused"}')).toBe(1)
    expect(await read(render, 'usage_reported_total{dimension="requests"}')).toBe(2.5)
    expect(await read(render, 'usage_late_reports_total{dimension="requests"}')).toBe(1)
    expect(await read(render, 'usage_accepted_total{dimension="requests"}')).toBe(5)
    expect(await read(render, 'record_attempts_total{outcome="throttled"}')).toBe(1)
    expect(await read(render, 'record_attempts_total{outcome="ok"}')).toBe(1)
  })

  test('put dimensions that the product no longer has under one label', async () => {
    const { events, render } = create({
      pending: new Map([
        ['requests', 1_000_000n],
        ['gone', 2_000_000n],
        ['gone-too', 3_000_000n],
      ]),
    })
    const imbalances: readonly (readonly [string, bigint])[] = [
      ['gone', 1_000_000n],
      ['gone-too', -1_000_000n],
    ]
    const keys = imbalances.map(([dimension, imbalance]) => ({ dimension, imbalance }))
    events.emit('ledgerAudited', { balanced: false, keys })
    events.emit('tagSetsOverflowed', { dimension: 'gone', reports: 4 })
    expect(await read(render, 'usage_pending{dimension="requests"}')).toBe(1)
    expect(await read(render, 'usage_pending{dimension="unknown"}')).toBe(5)
    expect(await read(render, 'usage_held{dimension="requests"}')).toBe(0)
    expect(await read(render, 'usage_imbalance{dimension="unknown"}')).toBe(2)
    expect(await read(render, 'usage_tag_overflow_reports_total{dimension="unknown"}')).toBe(4)
    expect(await render()).not.toContain('gone')
  })

  test('forget an imbalance when an audit finds none', async () => {
    const { events, render } = create()
    const emitAudit = (imbalance: bigint) =>
      events.emit('ledgerAudited', {
        balanced: imbalance === 0n,
        keys: [{ dimension: 'storage', imbalance }],
      })
    emitAudit(-3_000_000n)
    expect(await read(render, 'usage_imbalance{dimension="storage"}')).toBe(3)
    emitAudit(0n)
    expect(await read(render, 'usage_imbalance{dimension="storage"}')).toBe(0)
  })
})
