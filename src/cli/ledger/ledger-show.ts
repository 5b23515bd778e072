import { parseArgs } from 'node:util'
import { formatQuantity } from '../../metering/quantity.ts'
import { toIso, type Clock } from '../../kernel/clock.ts'
import { findByReference, type Found } from '../../store/sqlite/find-by-reference.ts'
import { readLedger } from '../../store/sqlite/ledger-file.ts'
import { findRecord } from '../../store/sqlite/operator-actions.ts'
import { overviewOf, wholeOverviewOf } from '../../store/sqlite/overview.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, currentInstant, dataDirectory, recordId } from './ledger-arguments.ts'
import { describeOverview } from './ledger-overview.ts'
import { overviewBody } from './overview-body.ts'
import { describeRecord } from './ledger-record.ts'
import { hourWord } from './format-record.ts'
import { recordBody } from './record-body.ts'

/** `ledger show`: where the units are; with the id of a record, or a MeteringRecordId, that one in full. */
export function showLedger(args: readonly string[], io: CliIo, clock: Clock): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...commonOptions, tags: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const directory = dataDirectory(values['data-dir'], io.env)
  const now = currentInstant(directory, clock)
  if (positionals.length > 0) {
    const found = find(positionals, directory, now)
    if (values.json) io.out(JSON.stringify(foundBody(found)))
    else for (const line of describeFound(found)) io.out(line)
    return exitCodes.ok
  }
  if (values.json) {
    const overview = readLedger(directory, (database) => wholeOverviewOf(database, now))
    io.out(JSON.stringify(overviewBody(directory, overview)))
    return exitCodes.ok
  }
  const overview = readLedger(directory, (database) => overviewOf(database, now))
  for (const line of describeOverview(directory, overview, values.tags)) io.out(line)
  return exitCodes.ok
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function find(positionals: readonly string[], directory: string, now: number): Found {
  const [reference = ''] = positionals
  if (positionals.length === 1 && uuid.test(reference))
    return readLedger(directory, (database) => findByReference(database, reference, now))
  const id = recordId('show', positionals)
  return { kind: 'record', record: readLedger(directory, (database) => findRecord(database, id)) }
}

function foundBody(found: Found): unknown {
  if (found.kind === 'record') return recordBody(found.record)
  const { customer, dimension, hour, quantity } = found.open
  return {
    state: 'open',
    customer,
    dimension,
    hour: toIso(hour),
    quantity: Number(formatQuantity(quantity)),
  }
}

function describeFound(found: Found): string[] {
  if (found.kind === 'record') return describeRecord(found.record)
  const { dimension, hour, quantity } = found.open
  return [
    `${formatQuantity(quantity)} ${dimension} of ${hourWord(hour)} are open: the hour is not sealed yet, and its record is sent after it.`,
  ]
}
