import { parseArgs } from 'node:util'
import type { Clock } from '../clock.ts'
import { readLedger } from '../ledger/ledger-file.ts'
import { findRecord } from '../ledger/operator-actions.ts'
import { overviewOf } from '../ledger/overview.ts'
import type { CliIo } from './cli-io.ts'
import { exitCodes } from './exit-codes.ts'
import { commonOptions, currentInstant, dataDirectory, recordId } from './ledger-arguments.ts'
import { describeOverview } from './ledger-overview.ts'
import { overviewBody } from './overview-body.ts'
import { describeRecord } from './ledger-record.ts'
import { recordBody } from './record-body.ts'

/** `ledger show`: where the units are; with an id, one record in full. */
export function showLedger(args: readonly string[], io: CliIo, clock: Clock): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...commonOptions, tags: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const id = positionals.length === 0 ? undefined : recordId('show', positionals)
  const directory = dataDirectory(values['data-dir'], io.env)
  if (id !== undefined) {
    const record = readLedger(directory, (database) => findRecord(database, id))
    if (values.json) io.out(JSON.stringify(recordBody(record)))
    else for (const line of describeRecord(record)) io.out(line)
    return exitCodes.ok
  }
  const now = currentInstant(directory, clock)
  const overview = readLedger(directory, (database) => overviewOf(database, now))
  if (values.json) io.out(JSON.stringify(overviewBody(directory, overview)))
  else for (const line of describeOverview(directory, overview, values.tags)) io.out(line)
  return exitCodes.ok
}
