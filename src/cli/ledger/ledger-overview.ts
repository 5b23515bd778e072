import { formatQuantity } from '../../metering/quantity.ts'
import type { AccountFraction, LedgerOverview } from '../../store/summary.ts'
import type { RecordSummary } from '../../metering/record/record.ts'
import { formatHour, formatTags, formatTime } from './format-record.ts'
import { printable, renderTable, type Column } from '../text-table.ts'

/** Rows of one table; the export has all of them. */
const mostRows = 50

const idColumn: Column = { title: 'id', align: 'right' }
const hourColumn: Column = { title: 'hour' }
const dimensionColumn: Column = { title: 'dimension', shrinks: true }
const quantityColumn: Column = { title: 'quantity', align: 'right' }
const stateColumn: Column = { title: 'state' }
const sinceColumn: Column = { title: 'since' }
const retiredColumn: Column = { title: 'product file', shrinks: true }
const triesColumn: Column = { title: 'tries', align: 'right' }

/** A column for the keys of customers, for a table where any row has one: others are not made wider. */
function customerColumn<Row extends { readonly customer: string }>(rows: readonly Row[]) {
  const hasCustomers = rows.some(({ customer }) => customer !== '')
  return {
    hasCustomers,
    column: hasCustomers ? [{ title: 'customer', shrinks: true }] : [],
    cellOf: ({ customer }: Row) => (hasCustomers ? [customer] : []),
  }
}

/** The overview for people, at most 100 columns wide. */
export function describeOverview(
  directory: string,
  overview: LedgerOverview,
  withTags: boolean,
): string[] {
  const { fractions, readings, held, pending, unresolved, settled, voided } = overview
  const waiting = pending.filter(({ state }) => state !== 'refused')
  const refused = pending.filter(({ state }) => state === 'refused')
  const done = settled.filter(({ state }) => state !== 'unresolved')
  return [
    ...headOf(directory, overview),
    ...section('Open: reported, the hour is not sealed', ...openTable(overview, withTags)),
    ...(readings.length === 0 ? [] : readingsSection(readings)),
    ...section(
      'Fractions: less than AWS accepts, billed with a later hour',
      [dimensionColumn, quantityColumn, ...(fractions.some(isRetired) ? [retiredColumn] : [])],
      fractions.map((fraction) => [
        fraction.dimension,
        formatQuantity(fraction.quantity),
        ...(isRetired(fraction) ? [retiredNoteOf(fraction)] : []),
      ]),
    ),
    ...heldSection(held),
    ...recordSection('Pending: sealed, the sidecar sends them by itself', waiting),
    ...recordSection(
      'Refused: fix what AWS complains about, then use "ledger retry" or "ledger reopen"',
      refused,
    ),
    ...recordSection('Unresolved: perhaps billed, decide with "ledger resolve"', unresolved),
    ...settledSection(done),
    ...(voided.length === 0 ? [] : voidedSection(voided)),
  ]
}

function heldSection(held: LedgerOverview['held']): string[] {
  const { column, cellOf } = customerColumn(held)
  return section(
    'Held: not sent until you decide, with "ledger release" or "ledger void"',
    [
      idColumn,
      hourColumn,
      dimensionColumn,
      ...column,
      quantityColumn,
      { title: 'reason' },
      sinceColumn,
    ],
    held.map((usage) => [
      String(usage.id),
      formatHour(usage.hour),
      usage.dimension,
      ...cellOf(usage),
      formatQuantity(usage.quantity),
      usage.reason,
      formatTime(usage.since),
    ]),
  )
}

function readingsSection(readings: LedgerOverview['readings']): string[] {
  return section(
    'Readings: what they add up to so far, in hours that are not sealed',
    [
      hourColumn,
      dimensionColumn,
      { title: 'aggregate' },
      quantityColumn,
      { title: 'readings', align: 'right' },
    ],
    readings.map(({ hour, dimension, aggregate, quantity, count }) => [
      formatHour(hour),
      dimension,
      aggregate,
      formatQuantity(quantity),
      String(count),
    ]),
  )
}

function headOf(directory: string, overview: LedgerOverview): string[] {
  const { owner, lastSuccessAt, lastFailure } = overview
  const failure =
    lastFailure === undefined ? 'none' : `${formatTime(lastFailure.at)}  ${lastFailure.code}`
  return [
    `ledger         ${directory}`,
    `owner          ${owner?.identity ?? 'none yet'}`,
    `last accepted  ${formatTime(lastSuccessAt)}`,
    `last failure   ${failure}`,
  ].map(printable)
}

function isRetired({ retired }: AccountFraction): boolean {
  return retired
}

function retiredNoteOf({ productCode, divisor }: AccountFraction): string {
  return `retired: of ${productCode}, divisor ${divisor}`
}

type Table = [columns: readonly Column[], rows: readonly (readonly string[])[]]

function openTable({ open, openByTags }: LedgerOverview, withTags: boolean): Table {
  if (!withTags)
    return [
      [hourColumn, dimensionColumn, quantityColumn],
      open.map(({ hour, dimension, quantity }) => [
        formatHour(hour),
        dimension,
        formatQuantity(quantity),
      ]),
    ]
  const { column, cellOf } = customerColumn(openByTags)
  return [
    [hourColumn, dimensionColumn, ...column, quantityColumn, { title: 'tags', shrinks: true }],
    openByTags.map((usage) => [
      formatHour(usage.hour),
      usage.dimension,
      ...cellOf(usage),
      formatQuantity(usage.quantity),
      formatTags(usage.tags),
    ]),
  ]
}

function recordSection(title: string, records: readonly RecordSummary[]): string[] {
  const { columns, cellsOf } = recordColumns(records)
  return section(
    title,
    [...columns, triesColumn, { title: 'last answer', shrinks: true }],
    records.map((record) => [...cellsOf(record), String(record.attempts), record.lastCode ?? '']),
  )
}

function settledSection(records: readonly RecordSummary[]): string[] {
  const { columns, cellsOf, hasCustomers } = recordColumns(records)
  // An id of AWS is long, and both do not fit.
  const tries = hasCustomers ? [] : [triesColumn]
  return section(
    'Settled: hours of the last 48 h, newest first',
    [...columns, ...tries, { title: 'MeteringRecordId' }],
    records.map((record) => [
      ...cellsOf(record),
      ...tries.map(() => String(record.attempts)),
      outcomeOf(record),
    ]),
  )
}

function voidedSection(voided: LedgerOverview['voided']): string[] {
  const { column, cellOf } = customerColumn(voided)
  return section(
    'Written off by an operator, newest first',
    [
      { title: 'at' },
      hourColumn,
      dimensionColumn,
      ...column,
      quantityColumn,
      { title: 'record', align: 'right' },
      { title: 'reason', shrinks: true },
    ],
    voided.map((usage) => [
      formatTime(usage.at),
      formatHour(usage.hour),
      usage.dimension,
      ...cellOf(usage),
      formatQuantity(usage.quantity),
      String(usage.recordId ?? ''),
      usage.reason,
    ]),
  )
}

/** What every list of records begins with. */
function recordColumns(records: readonly RecordSummary[]) {
  const { column, cellOf, hasCustomers } = customerColumn(records)
  return {
    hasCustomers,
    columns: [idColumn, hourColumn, dimensionColumn, ...column, quantityColumn, stateColumn],
    cellsOf: (record: RecordSummary) => [
      String(record.id),
      formatHour(record.hour),
      record.dimension,
      ...cellOf(record),
      formatQuantity(record.quantity),
      record.state,
    ],
  }
}

function outcomeOf({ meteringRecordId, movedTo, lastCode }: RecordSummary): string {
  if (movedTo !== undefined) return `to ${formatHour(movedTo)}: ${lastCode ?? ''}`
  return meteringRecordId ?? lastCode ?? ''
}

function section(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return ['', `${title}: none`]
  const more = rows.length - mostRows
  return [
    '',
    title,
    ...renderTable(columns, rows.slice(0, mostRows)),
    ...(more > 0 ? [`and ${more} more; --json and "ledger export" have them all`] : []),
  ]
}
