/** Writes those columns of the reference pages that come from tables in the program. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { exitTable } from '../../src/kernel/problems/exit-table.ts'
import { logEventTable } from '../../src/kernel/log.ts'
import { ownCodeTable } from '../../src/kernel/problems/own-code-table.ts'
import { problemTable } from '../../src/kernel/problems/problem-table.ts'
import { embeddedTable } from '../../src/observe/cloudwatch/embedded-metrics.ts'
import {
  fullNameOf,
  metricTable,
  type MetricDefinition,
} from '../../src/observe/prometheus/metric-table.ts'
import { errorStatus, isServiceErrorName } from '../../src/protocol/service-errors.ts'
import { clients } from '../tools/client-tools.ts'
import { codes, firstCells, withColumns } from './marks.ts'

/** Writes docs/reference/errors.md: its three tables, whole. */
export function errorColumns(page: string): string {
  const answers = Object.entries(problemTable).map(([code, { status, happened, todo }]) => [
    codes([code]),
    `${status}`,
    happened,
    todo,
  ])
  const ends = Object.entries(exitTable).map(([code, { exit, happened, todo }]) => [
    codes([code]),
    `${exitCodes[exit]}`,
    happened,
    todo,
  ])
  const own = Object.entries(ownCodeTable).map(([code, { happened, todo }]) => [
    codes([code]),
    happened,
    todo,
  ])
  const withErrors = withColumns(withColumns(page, 'answers', answers), 'ends', ends)
  return withColumns(withErrors, 'own codes', own)
}

/** Writes docs/reference/metrics.md: everything but the question that a metric answers. */
export function metricColumns(page: string): string {
  const rows = Object.entries<MetricDefinition>(metricTable).map(
    ([name, { type, unit, labels, help }]) => [
      codes([fullNameOf(name)]),
      type,
      unit,
      codes(labels) || 'none',
      help,
    ],
  )
  return withColumns(page, 'metrics', rows)
}

/** Writes docs/reference/logs.md: the level and the fields of each event. */
export function logColumns(page: string): string {
  const rows = Object.entries(logEventTable).map(([event, { level, fields }]) => [
    codes([event]),
    level,
    codes(fields) || 'none',
  ])
  return withColumns(page, 'events', rows)
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { alert: string; for?: string; labels: { severity: string } }[]
  }[]
}

/** Writes docs/reference/alerts.md: the chart's rules, and the CloudWatch metrics with their units. */
export function alertColumns(page: string): string {
  const file = new URL('../../helm/marketplace-sidecar/files/alerts.yaml', import.meta.url)
  const { groups } = parse(readFileSync(file, 'utf8')) as Rules
  const alerts = groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, labels, for: patience = 'at once' }) => [
      codes([alert]),
      labels.severity,
      patience,
    ])
  const embedded = Object.entries(embeddedTable).map(([name, { unit }]) => [codes([name]), unit])
  return withColumns(withColumns(page, 'alerts', alerts), 'cloudwatch', embedded)
}

/** Writes docs/guides/clients.md: the clients that the suite runs, and the status of each error on the page. */
export function clientColumns(page: string): string {
  const rows = Object.values(clients).map(({ name, version, repeatsBy }) => [
    name,
    version,
    repeatsBy,
  ])
  const errors = firstCells(page, 'errors').map((cell) => {
    const name = cell.replaceAll('`', '')
    if (!isServiceErrorName(name))
      throw new Error(`${name} in docs/guides/clients.md is not an AWS error`)
    return [cell, `${errorStatus(name)}`]
  })
  return withColumns(withColumns(page, 'clients', rows), 'errors', errors)
}
