import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  fullNameOf,
  metricTable,
  type MetricDefinition,
} from '../../src/observe/prometheus/metric-table.ts'
import { readRules } from '../alerts/alert-rules.ts'
import { expand, readDashboard, type GridPosition, type Panel } from '../alerts/dashboard.ts'
import { metricNamesIn } from '../alerts/metric-names.ts'
import { root } from '../support/program/program.ts'

const dashboard = readDashboard()
const charts = dashboard.panels.filter(({ type }) => type !== 'row')
const annotations = dashboard.annotations.list
const expressions = [
  ...charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...annotations.map(({ expr }) => expr),
]
const columns = 24

/** Metrics that neither the dashboard nor an alert uses, with the reason. */
const unwatched: Readonly<Record<string, string>> = {
  connections_dropped_total: 'for a look when the check is slow, and 0 everywhere else',
  log_lines_dropped_total: 'the line log.dropped says the same',
  process_start_time_seconds: 'alerts and annotations use the start by the clock of the sidecar',
  operator_decisions_total: 'the line operator.decided says the same',
}

describe('the dashboard', () => {
  test('has panels with a unique id and title', () => {
    for (const members of [
      dashboard.panels.map(({ id }) => id),
      dashboard.panels.map(({ title }) => title),
    ])
      expect(new Set<unknown>(members).size).toBe(members.length)
  })

  test('has no panel over another one or over the edge', () => {
    for (const [index, panel] of dashboard.panels.entries()) {
      const { x, w, h } = panel.gridPos
      expect(x >= 0 && w > 0 && h > 0 && x + w <= columns, panel.title).toBe(true)
      const covered = dashboard.panels.slice(index + 1).filter((other) => overlap(panel, other))
      expect(covered.map(({ title }) => `${panel.title} / ${title}`)).toEqual([])
    }
  })

  test.each(charts)('$title says what it shows, and asks the chosen data source', (panel) => {
    expect(panel.description).toMatch(/^[A-Z].{20,}\.$/)
    const chosen = { type: 'prometheus', uid: '${datasource}' }
    expect(panel.datasource).toEqual(chosen)
    const { targets = [] } = panel
    expect(targets).not.toEqual([])
    for (const target of targets) expect(target.datasource).toEqual(chosen)
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
  })

  test('uses only variables that it has', () => {
    const names = dashboard.templating.list.map(({ name }) => [name, name] as const)
    expect(names.map(([name]) => name)).toEqual(['datasource', 'namespace', 'pod', 'instance'])
    const values = { ...Object.fromEntries(names), __rate_interval: '5m' }
    for (const expression of expressions) expect(() => expand(expression, values)).not.toThrow()
  })

  test.each(expressions)('%s reads metrics as they are', (expression) => {
    const names = metricNamesIn(expression)
    expect(names).not.toEqual([])
    expect(names.filter((name) => name !== 'ALERTS' && !isReadable(name))).toEqual([])
  })

  test('shows everything at first, also on ECS and compose, where no label namespace or pod exists', () => {
    const lists = dashboard.templating.list.filter(({ type }) => type === 'query')
    expect(lists.map(({ allValue }) => allValue)).toEqual(['.*', '.*', '.*'])
    const filter = 'namespace=~"$namespace", pod=~"$pod", instance=~"$instance"'
    const selectors = expressions.flatMap((each) => each.match(/\{[^}]*\}/g) ?? [])
    const ofTarget = selectors.filter((each) => !each.startsWith('{alertname'))
    expect(ofTarget.length).toBeGreaterThan(20)
    for (const selector of ofTarget) expect(selector).toContain(filter)
  })

  test('reads what other processes have too from sidecars only', () => {
    const shared = expressions.filter((each) => /\b(process|nodejs)_/.test(each))
    expect(shared.length).toBeGreaterThan(3)
    for (const each of shared) expect(each).toMatch(/ and on \(job, instance\) marketplace_info$/)
  })

  test('draws no amount from anything but 0', () => {
    const drawn = charts.filter(({ type }) => type === 'timeseries')
    const signed = drawn.filter(({ fieldConfig }) => fieldConfig?.defaults.min !== 0)
    expect(signed.map(({ title }) => title)).toEqual(['Clock skew'])
  })

  test('marks each start of a sidecar', () => {
    expect(annotations).toMatchObject([{ name: 'Starts', useValueForTime: true }])
  })

  test('links to pages that exist, by an address that the chart replaces', () => {
    const links = [dashboard, ...charts].flatMap(({ links: own = [] }) => own)
    expect(links.length).toBeGreaterThan(10)
    for (const { url } of links) expect(existsSync(join(root, url)), url).toBe(true)
  })

  test('shows each metric, unless an alert or a reason stands in', () => {
    const read = [...expressions, ...readRules().map(({ expr }) => expr)].flatMap(metricNamesIn)
    const watched = new Set(read.map((name) => name.replace(/_(count|sum|bucket)$/, '')))
    const silent = Object.keys(metricTable).filter((name) => !watched.has(fullNameOf(name)))
    expect(silent.toSorted()).toEqual(Object.keys(unwatched).toSorted())
  })
})

/** Reports whether a query may use the name: a histogram is queried by one of its parts, else by its own name. */
function isReadable(name: string): boolean {
  const [, base = '', part] = /^(?:marketplace_)?(.+?)(_bucket|_count|_sum)?$/.exec(name) ?? []
  const definition: MetricDefinition | undefined = Object.hasOwn(metricTable, base)
    ? metricTable[base as keyof typeof metricTable]
    : undefined
  return definition !== undefined && (definition.type === 'histogram') === (part !== undefined)
}

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  const meet = (one: GridPosition, other: GridPosition, at: 'x' | 'y', size: 'w' | 'h') =>
    one[at] < other[at] + other[size] && other[at] < one[at] + one[size]
  return meet(a, b, 'x', 'w') && meet(a, b, 'y', 'h')
}
