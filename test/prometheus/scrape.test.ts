import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { prometheusTools } from '../../scripts/tools/prometheus-tools.ts'
import { fullNameOf, metricTable } from '../../src/observe/prometheus/metric-table.ts'
import { alertsFile, readGroups, readRules } from '../alerts/alert-rules.ts'
import { expand, readDashboard } from '../alerts/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import type { SidecarHarness } from '../support/sidecar/sidecar-harness.ts'
import { liveThroughHours, startBusySidecar } from './busy-sidecar.ts'
import { startPrometheus, type EvaluatedRule, type PrometheusServer } from './prometheus-server.ts'

const productCode = '1a2b3cdemo4d5e6f7g8h9i0jk'
const variables = {
  namespace: 'shop',
  pod: 'shop-0',
  instance: '',
  __rate_interval: '1m',
}
const hurried = 'hurried '

let harness: SidecarHarness
let prometheus: PrometheusServer
let scrape: string
beforeAll(async () => {
  harness = await startBusySidecar()
  variables.instance = `127.0.0.1:${harness.sidecar.opsPort}`
  prometheus = await startPrometheus(
    {
      job: 'shop/shop-marketplace-sidecar',
      address: variables.instance,
      labels: { namespace: variables.namespace, pod: variables.pod },
    },
    { 'alerts.yaml': readFileSync(alertsFile, 'utf8'), 'hurried.yaml': hurriedRules() },
  )
  await liveThroughHours(harness, () => prometheus.caughtUp())
  scrape = (await harness.ops('/metrics')).text
})
afterAll(async () => {
  await prometheus.close()
  await harness.close()
})

/** The same rules without their "for", because a test cannot wait ten minutes. */
function hurriedRules(): string {
  const groups = readGroups().map(({ name, rules }) => ({
    name: hurried + name,
    rules: rules.map(({ alert, expr, labels, annotations }) => ({
      alert,
      expr,
      labels,
      annotations,
    })),
  }))
  return stringify({ groups })
}

/** The alerts about the disk that the state of this machine's disk causes. */
function alertsOfDisk(): string[] {
  const value = (name: string) =>
    Number(new RegExp(`^${fullNameOf(name)} (.*)$`, 'm').exec(scrape)?.[1])
  const free = value('ledger_free_bytes')
  return [
    ...(free / value('ledger_volume_bytes') < 0.15 ? ['MarketplaceSidecarDiskFilling'] : []),
    ...(free < 64 * 1024 * 1024 ? ['MarketplaceSidecarDiskFull'] : []),
  ]
}

const names = (rules: readonly EvaluatedRule[]) => rules.map(({ name }) => name).toSorted()

/** Metrics without a value until a source of its own is read. */
const quiet = ['source_last_seen_timestamp_seconds']
const measured = Object.keys(metricTable).filter((name) => !quiet.includes(name))

describe('the scrape of a busy sidecar', () => {
  test('has values of every metric', () => {
    const silent = measured.filter(
      (name) => !new RegExp(`^${fullNameOf(name)}(_count)?[{ ]`, 'm').test(scrape),
    )
    expect(silent).toEqual([])
  })

  test('is accepted by promtool', async () => {
    const { promtool } = await prometheusTools()
    const checked = promisify(execFile)(promtool, ['check', 'metrics'])
    checked.child.stdin?.end(scrape)
    const { stdout, stderr } = await checked
    expect(stdout + stderr).toBe('')
  })

  test('arrives in Prometheus complete', async () => {
    const [info] = await prometheus.query('marketplace_info')
    expect(info?.metric).toMatchObject({ product_code: productCode, pod: 'shop-0' })
    const known = await prometheus.query(
      'count by (__name__) ({__name__=~"(marketplace|process|nodejs)_.+"})',
    )
    const stored = new Set(known.map(({ metric }) => metric['__name__']?.replace(/_count$/, '')))
    const all = measured.map(fullNameOf)
    expect(all.filter((name) => !stored.has(name))).toEqual([])
  })
})

describe('the alerts', () => {
  test('are evaluated without an error', async () => {
    const rules = await prometheus.rules()
    expect(rules).toHaveLength(2 * readRules().length)
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  })

  test('that these hours cause are active, and no others', async () => {
    const expected = [
      ...alertsOfDisk(),
      'MarketplaceSidecarKeyRotation',
      'MarketplaceSidecarLateUsage',
      'MarketplaceSidecarRecordsRefused',
      'MarketplaceSidecarRecordsUnresolved',
      'MarketplaceSidecarReportsRefused',
      'MarketplaceSidecarTagOverflow',
      'MarketplaceSidecarUnsentThird',
    ].toSorted()
    const isHurried = ({ group }: EvaluatedRule) => group.startsWith(hurried)
    // On a busy machine a scrape may be late, which counts as silence for a moment.
    await eventually(
      async () => {
        const rules = await prometheus.rules()
        const active = rules.filter(({ state }) => state !== 'inactive')
        expect(names(active.filter((rule) => !isHurried(rule)))).toEqual(expected)
        const firing = rules.filter((rule) => isHurried(rule) && rule.state === 'firing')
        expect(names(firing)).toEqual(expected)
        return true
      },
      { timeoutMs: 20_000 },
    )
  })
})

describe('the dashboard', () => {
  const { panels, templating, annotations } = readDashboard()
  const queries = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => [`${title} ${refId}`, expr] as const),
  )

  // What stands for all values must find a target that has no such label, as on ECS.
  const all = { namespace: '.*', pod: '.*', instance: '.*', __rate_interval: '1m' }

  test.each(queries)('%s shows something', async (_, expression) => {
    for (const values of [variables, all]) {
      const samples = await prometheus.query(expand(expression, values))
      expect(samples.filter(({ value }) => Number.isFinite(value))).not.toEqual([])
    }
  })

  test('a start is marked at its time', async () => {
    for (const { expr } of annotations.list) {
      const [sample] = await prometheus.query(expand(expr, variables))
      expect(sample?.value).toBeGreaterThan(1e12)
    }
  })

  const lists = templating.list.filter(({ type }) => type === 'query')
  test.each(lists.map(({ name, query }) => [name, query] as const))(
    'the variable %s finds its value',
    async (name, query) => {
      const text = typeof query === 'string' ? query : query.query
      const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? []
      const found = await prometheus.query(
        `group by (${label}) (${expand(series ?? '', variables)})`,
      )
      const value = variables[name as keyof typeof variables]
      expect(found.map(({ metric }) => metric[label ?? ''])).toEqual([value])
    },
  )
})

describe('when the sidecar has ended', () => {
  test('its silence is an alert', async () => {
    await harness.sidecar.stop()
    const silent = await eventually(
      async () => {
        await prometheus.caughtUp()
        const rules = await prometheus.rules()
        return rules.find(({ name, state }) => name.endsWith('Silent') && state === 'firing')
      },
      { what: 'the alert' },
    )
    expect(silent.name).toBe('MarketplaceSidecarSilent')
  })
})
