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
    ...section(
      'Held: not sent until you decide, with "ledger release" or "ledger void"',
      [idColumn, hourColumn, dimensionColumn, quantityColumn, { title: 'reason' }, sinceColumn],
      held.map(({ id, hour, dimension, quantity, reason, since }) => [
        String(id),
        formatHour(hour),
        dimension,
        formatQuantity(quantity),
        reason,
        formatTime(since),
      ]),
    ),
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
  return [
    [hourColumn, dimensionColumn, quantityColumn, { title: 'tags', shrinks: true }],
    openByTags.map(({ hour, dimension, quantity, tags }) => [
      formatHour(hour),
      dimension,
      formatQuantity(quantity),
      formatTags(tags),
    ]),
  ]
}

function recordSection(title: string, records: readonly RecordSummary[]): string[] {
  return section(
    title,
    [
      idColumn,
      hourColumn,
      dimensionColumn,
      quantityColumn,
      stateColumn,
      triesColumn,
      { title: 'last answer', shrinks: true },
    ],
    records.map((record) => [...recordCells(record), record.lastCode ?? '']),
  )
}

function settledSection(records: readonly RecordSummary[]): string[] {
  return section(
    'Settled: hours of the last 48 h, newest first',
    [
      idColumn,
      hourColumn,
      dimensionColumn,
      quantityColumn,
      stateColumn,
      triesColumn,
      { title: 'MeteringRecordId' },
    ],
    records.map((record) => [...recordCells(record), outcomeOf(record)]),
  )
}

function voidedSection(voided: LedgerOverview['voided']): string[] {
  return section(
    'Written off by an operator, newest first',
    [
      { title: 'at' },
      hourColumn,
      dimensionColumn,
      quantityColumn,
      { title: 'record', align: 'right' },
      { title: 'reason', shrinks: true },
    ],
    voided.map(({ at, hour, dimension, quantity, recordId, reason }) => [
      formatTime(at),
      formatHour(hour),
      dimension,
      formatQuantity(quantity),
      String(recordId ?? ''),
      reason,
    ]),
  )
}

function recordCells(record: RecordSummary): string[] {
  const { id, hour, dimension, quantity, state, attempts } = record
  return [
    String(id),
    formatHour(hour),
    dimension,
    formatQuantity(quantity),
    state,
    String(attempts),
  ]
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
