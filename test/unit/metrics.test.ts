import { describe, expect, test } from 'vitest'
import { Hooks } from '../../src/hooks.ts'
import { recordStates, type LedgerGauges } from '../../src/ledger/types.ts'
import { metricPrefix, metricTable, type MetricDefinition } from '../../src/metrics/metric-table.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'

const now = Date.parse('2026-03-10T12:15:00Z')

function create(gauges: Partial<LedgerGauges> = {}) {
  const hooks = new Hooks((error) => {
    throw error
  })
  const metrics = createMetrics({
    hooks,
    info: { version: '1', productCode: 'p', route: 'both', platform: 'ecs', region: 'eu-west-1' },
    dimensions: ['requests', 'storage'],
    entitlementStates: ['entitled', 'denied'],
    now: () => now,
    ledger: {
      gauges: () => ({
        states: new Map(recordStates.map((state) => [state, 0])),
        pending: new Map(),
        oldestUnsentHour: undefined,
        ...gauges,
      }),
      bytes: () => Promise.resolve(4096),
    },
    entitlement: () => ({ state: 'denied', entitled: false }),
  })
  return { hooks, render: () => metrics.render(), contentType: metrics.contentType }
}

/** The value of one series, or undefined. */
async function read(render: () => Promise<string>, series: string): Promise<number | undefined> {
  const lines = (await render()).split('\n')
  const line = lines.find((candidate) => candidate.startsWith(`${metricPrefix}${series} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1)?.replace('Inf', 'Infinity'))
}

describe('the table of metrics', () => {
  const rows = Object.entries<MetricDefinition>(metricTable)

  test('follows the rules for names', () => {
    for (const [name, { type }] of rows) {
      expect(metricPrefix + name).toMatch(/^[a-z]+(_[a-z]+)+$/)
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

  test('tell how long ago the oldest unsent hour ended, and how long AWS still takes it', async () => {
    const { render } = create({ oldestUnsentHour: Date.parse('2026-03-10T10:00:00Z') })
    expect(await read(render, 'oldest_unsent_seconds')).toBe(75 * 60)
    expect(await read(render, 'unsent_deadline_seconds')).toBe(6 * 3600 - 75 * 60)
  })

  test('count reports, units and attempts as the hooks tell them', async () => {
    const { hooks, render } = create()
    hooks.emit('usageReported', {
      dimension: 'requests',
      accepted: 2,
      duplicates: 1,
      late: 1,
      quantity: 2_500_000n,
      earliestHour: 0,
    })
    hooks.emit('usageRefused', { dimension: undefined, code: 'InvalidRequest', requestId: 'r' })
    const attempt = { id: 1, dimension: 'requests', hour: 0, quantity: 5, meteringRecordId: 'x' }
    hooks.emit('recordAttempted', { ...attempt, outcome: 'throttled', code: 'T', message: 'm' })
    hooks.emit('recordAttempted', {
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
    expect(await read(render, 'usage_late_total{dimension="requests"}')).toBe(1)
    expect(await read(render, 'usage_accepted_total{dimension="requests"}')).toBe(5)
    expect(await read(render, 'record_attempts_total{outcome="throttled"}')).toBe(1)
    expect(await read(render, 'record_attempts_total{outcome="ok"}')).toBe(1)
  })

  test('put dimensions that the product no longer has under one label', async () => {
    const { hooks, render } = create({
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
    hooks.emit('ledgerAudited', { balanced: false, keys })
    hooks.emit('tagSetsOverflowed', { dimension: 'gone', reports: 4 })
    expect(await read(render, 'usage_pending{dimension="requests"}')).toBe(1)
    expect(await read(render, 'usage_pending{dimension="unknown"}')).toBe(5)
    expect(await read(render, 'usage_imbalance{dimension="unknown"}')).toBe(2)
    expect(await read(render, 'usage_tag_overflow_total{dimension="unknown"}')).toBe(4)
    expect(await render()).not.toContain('gone')
  })

  test('forget an imbalance when an audit finds none', async () => {
    const { hooks, render } = create()
    const told = (imbalance: bigint) =>
      hooks.emit('ledgerAudited', {
        balanced: imbalance === 0n,
        keys: [{ dimension: 'storage', imbalance }],
      })
    told(-3_000_000n)
    expect(await read(render, 'usage_imbalance{dimension="storage"}')).toBe(3)
    told(0n)
    expect(await read(render, 'usage_imbalance{dimension="storage"}')).toBe(0)
  })
})
