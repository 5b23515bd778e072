import { expect, test } from 'vitest'
import {
  fullNameOf,
  metricTable,
  type MetricDefinition,
} from '../../src/observe/prometheus/metric-table.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/metrics.md')
const rows = tableOf(page, 'Metric')

test('the page has every metric with its type, unit, labels and help, and no other', () => {
  const expected = Object.entries<MetricDefinition>(metricTable).map(([name, metric]) => [
    fullNameOf(name),
    metric.type,
    metric.unit,
    metric.labels.join(', ') || 'none',
    metric.help,
  ])
  const listed = rows.map(([name, type, unit, labels = '', help]) => [
    name,
    type,
    unit,
    labels.replaceAll('`', ''),
    help,
  ])
  expect(listed).toEqual(expected)
})

test('every metric answers a question', () => {
  for (const [name, , , , , question] of rows) expect(question, name).toMatch(/^[A-Z].+\?$/)
})

test('the text names no other metric', () => {
  const known = Object.keys(metricTable).map(fullNameOf)
  expect(known).toEqual(expect.arrayContaining(page.match(/marketplace_[a-z_]+/g) ?? []))
})
