import { parseArgs } from 'node:util'
import { operate } from '../../ledger/operate.ts'
import { retryRefused } from '../../ledger/operator-actions.ts'
import { changeBook } from '../../store/sqlite/file/book-file.ts'
import type { MeteringRecord } from '../../metering/record.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, dataDirectory, recordId } from './ledger-arguments.ts'
import { formatRecord, formatUnits } from './format-record.ts'
import { recordBody } from './record-body.ts'
import { wrap } from '../text-table.ts'

/** `ledger retry`: what AWS complained about is fixed, so a refused record need not wait. */
export async function retryRecord(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: commonOptions,
    allowPositionals: true,
  })
  const id = recordId('retry', positionals)
  const directory = dataDirectory(values['data-dir'], io.env)
  const record = await operate(
    (decide) => changeBook(directory, decide),
    // A retry moves no usage.
    0,
    (page) => retryRefused(page, id),
  )
  if (values.json) io.out(JSON.stringify({ action: 'retry', record: recordBody(record) }))
  else for (const line of wrap(describe(record), 0)) io.out(line)
  return exitCodes.ok
}

function describe(record: MeteringRecord): string {
  const memory = record.ambiguous
    ? ' AWS may have taken it at an earlier attempt: should AWS say that the hour is taken, the record becomes unresolved.'
    : ''
  return `Freed: ${formatRecord(record)} is now ${record.state}. Its ${formatUnits(record.quantity)} stay in it, unchanged; a running sidecar sends it within a minute, a stopped one at its next start.${memory}`
}
