import { describe, expect, test } from 'vitest'
import { embeddedTable } from '../../src/observe/cloudwatch/embedded-metrics.ts'
import { metricPrefix, metricTable } from '../../src/observe/prometheus/metric-table.ts'
import { alertCases } from '../alerts/alert-cases.ts'
import { readGroups, readRules } from '../alerts/alert-rules.ts'
import { metricNamesIn } from '../alerts/metric-names.ts'
import { readTemplate } from '../support/deploy/cloudformation.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/alerts.md')
const rules = readRules()

describe('the alert rules', () => {
  test('are on the page with their severity and patience, and no others', () => {
    const listed = tableOf(page, 'Alert').map(([alert, severity, patience]) => ({
      alert,
      severity,
      patience,
    }))
    expect(listed).toEqual(
      rules.map((rule) => ({
        alert: rule.alert,
        severity: rule.labels.severity,
        patience: rule.for ?? 'at once',
      })),
    )
  })

  test.each(rules)('$alert has all that is needed to act on it', (rule) => {
    expect(Object.keys(rule.labels)).toEqual(['severity'])
    expect(['info', 'warning', 'critical']).toContain(rule.labels.severity)
    expect(rule.annotations).toEqual({
      summary: expect.stringMatching(/^[A-Z].*[^.]$/),
      description: expect.stringMatching(/^[A-Z{].*\.$/),
      runbook_url: `docs/operate/symptoms/${slugOf(rule.alert)}.md`,
    })
  })

  test('have names of one kind, each once', () => {
    const names = rules.map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^MarketplaceSidecar([A-Z][a-z]+)+$/)
    const groups = readGroups().map(({ name }) => name)
    expect(new Set(groups).size).toBe(groups.length)
  })

  test.each(rules)(
    '$alert has a story in which it fires and one in which it stays quiet',
    (rule) => {
      const stories = alertCases.filter(({ alert }) => alert === rule.alert)
      expect(stories.flatMap(({ firesAt }) => firesAt)).not.toEqual([])
      expect(stories.flatMap(({ quietAt }) => quietAt)).not.toEqual([])
    },
  )

  test.each(rules)('$alert uses only metrics that exist', ({ expr }) => {
    const names = metricNamesIn(expr)
    expect(names).not.toEqual([])
    expect(names.filter((name) => name !== 'up' && !isMetric(name))).toEqual([])
  })

  test('the page names only alerts that exist', () => {
    const known = rules.map(({ alert }) => alert)
    const named = page.match(/MarketplaceSidecar[A-Z]\w+/g) ?? []
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })
})

test('the metrics for CloudWatch are on the page with their unit and source, and no others', () => {
  const listed = tableOf(page, 'CloudWatch metric').map(([name, unit, source]) => [
    name,
    unit,
    /^`?([a-z_]+)/.exec(source ?? '')?.[1],
  ])
  expect(listed).toEqual(
    Object.entries(embeddedTable).map(([name, { unit, source }]) => [
      name,
      unit,
      metricPrefix + source,
    ]),
  )
})

test('the alarms of the CloudFormation template are on the page with their thresholds', () => {
  const rows = tableOf(page, 'CloudWatch metric')
  const listed = rows.flatMap(([metric, , , alarms = '']) =>
    [...alarms.matchAll(/`(\w+)`: ([^;]+)/g)].map(([, name, words]) => [name, metric, words]),
  )
  const alarms = Object.entries(readTemplate().Resources).filter(
    ([, { Type }]) => Type === 'AWS::CloudWatch::Alarm',
  )
  const namesOf = (named: readonly (readonly unknown[])[]) => new Set(named.map(([name]) => name))
  expect(listed).toHaveLength(alarms.length)
  expect(namesOf(listed)).toEqual(namesOf(alarms))
  for (const [name, { Properties }] of alarms) {
    const [, metric, words = ''] = listed.find(([alarm]) => alarm === name) ?? []
    expect(JSON.stringify(Properties), name).toContain(`"MetricName":"${metric}"`)
    expect(words.match(/\d+/)?.[0], name).toBe(`${Number(Properties['Threshold'])}`)
  }
})

function isMetric(name: string): boolean {
  const base = name.slice(metricPrefix.length).replace(/_(count|sum|bucket)$/, '')
  return name.startsWith(metricPrefix) && base in metricTable
}

function slugOf(alert: string): string {
  return alert
    .replace('MarketplaceSidecar', '')
    .replaceAll(/(?<!^)(?=[A-Z])/g, '-')
    .toLowerCase()
}
