import { readArguments } from '../command-line.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { CliIo } from '../cli-io.ts'
import { csvLine } from '../../kernel/csv.ts'
import { exitCodes } from '../exit-codes.ts'
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
    },
    allowPositionals: true,
  })
  noPositionals('export', positionals)
  const { format, dimension } = values
  if (format !== 'csv' && format !== 'jsonl')
    throw invalid(`"ledger export" needs --format csv or --format jsonl`)
  const filter = {
    since: instantOf('since', values.since),
    until: instantOf('until', values.until),
    dimension,
  }
  const place = ledgerPlace(values['data-dir'], { env: io.env, clock })
  await place.read(async (book) => {
    if (format === 'csv') io.out(csvLine(exportColumns))
    for await (const record of book.records(filter)) {
      const body = recordBody(record)
      io.out(format === 'csv' ? csvLine(cells(body)) : JSON.stringify(body))
    }
  })
  return exitCodes.ok
}

function cells(body: RecordBody): (string | number)[] {
  return exportColumns.map((column) => {
    const value = body[column]
    if (value === null) return ''
    return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)
  })
}
