import { readArguments } from '../command-line.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { CliIo } from '../cli-io.ts'
import { csvLine } from '../../kernel/text/csv.ts'
import { exitCodes } from '../exit-codes.ts'
import { decisionBodies, decisionColumns, voidBodies } from './export-decisions.ts'
import { commonOptions, instantOf, invalid, noPositionals } from './ledger-arguments.ts'
import { ledgerPlace } from './ledger-place.ts'
import { recordBody, type RecordBody } from './record-body.ts'

/** The columns of the CSV, in their order; new ones are only ever added at the end. */
export const exportColumns = [
  'id',
  'hour',
  'timestamp',
  'customer',
  'dimension',
  'quantity',
  'divisor',
  'allocations',
  'state',
  'ambiguous',
  'attempts',
  'meteringRecordId',
  'lastCode',
  'lastMessage',
  'sealedAt',
  'firstAttemptAt',
  'lastAttemptAt',
  'settledAt',
  'movedTo',
  'productCode',
  'resource',
  'clientToken',
] as const satisfies readonly (keyof RecordBody)[]

/** `ledger export`: writes each record as it is read, so that a long history needs no memory. */
export async function exportLedger(
  args: readonly string[],
  io: CliIo,
  clock: Clock,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: {
      'data-dir': commonOptions['data-dir'],
      format: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
      dimension: { type: 'string' },
      decisions: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  noPositionals('export', positionals)
  const { format, dimension } = values
  if (format !== 'csv' && format !== 'jsonl')
    throw invalid(`"ledger export" needs --format csv or --format jsonl`)
  const since = instantOf('since', values.since)
  const until = instantOf('until', values.until)
  if (since !== undefined && until !== undefined && since >= until)
    throw invalid('--until must be later than --since')
  const filter = { since, until, dimension }
  const write =
    format === 'csv'
      ? (columns: readonly string[], body: Body) => csvLine(cells(columns, body))
      : (_: readonly string[], body: Body) => JSON.stringify(body)
  const place = ledgerPlace(values['data-dir'], { env: io.env, clock })
  await place.read(async (book) => {
    if (values.decisions) {
      if (format === 'csv') io.out(csvLine(decisionColumns))
      for (const body of await decisionBodies(book)) io.out(write(decisionColumns, body))
      return
    }
    if (format === 'csv') io.out(csvLine(exportColumns))
    for await (const record of book.records(filter))
      io.out(write(exportColumns, recordBody(record)))
    for (const body of await voidBodies(book, filter)) io.out(write(exportColumns, body))
  })
  return exitCodes.ok
}

type Body = Readonly<Record<string, unknown>>

function cells(columns: readonly string[], body: Body): (string | number)[] {
  return columns.map((column) => {
    const value = body[column]
    if (value === null || value === undefined) return ''
    return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
  })
}
