import { readArguments } from '../command-line.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { toIso, type Clock } from '../../kernel/clock.ts'
import { recordNotFound } from '../../ledger/decisions/operator-actions.ts'
import { SidecarError } from '../../kernel/errors.ts'
import type { BookReader } from '../../store/store.ts'
import type { Found } from '../../store/summary.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, recordId } from './ledger-arguments.ts'
import { ledgerPlace } from './ledger-place.ts'
import { describeOverview } from './ledger-overview.ts'
import { overviewBody } from './overview-body.ts'
import { describeRecord } from './ledger-record.ts'
import { formatHour, formatUsage } from './format-record.ts'
import { recordBody } from './record-body.ts'

/** `ledger show`: where the units are; with the id of a record, or a MeteringRecordId, that one in full. */
export async function showLedger(
  args: readonly string[],
  io: CliIo,
  clock: Clock,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: { ...commonOptions, tags: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const find = positionals.length === 0 ? undefined : finderOf(positionals)
  const place = ledgerPlace(values['data-dir'], { env: io.env, clock })
  const now = await place.now()
  const database = await place.importedInto()
  if (database !== undefined)
    io.err(
      `This ledger was imported into the database ${database} and continues there; the file is as it was then.`,
    )
  if (find !== undefined) {
    const found = await place.read((book) => find(book, now))
    if (values.json) io.out(JSON.stringify(foundBody(found)))
    else for (const line of describeFound(found)) io.out(line)
    return exitCodes.ok
  }
  if (values.json) {
    const overview = await place.read((book) => book.wholeOverview(now))
    io.out(JSON.stringify(overviewBody(await place.name(), overview)))
    return exitCodes.ok
  }
  const overview = await place.read((book) => book.overview(now))
  for (const line of describeOverview(await place.name(), overview, values.tags)) io.out(line)
  return exitCodes.ok
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Returns what finds the record of an id, or what a MeteringRecordId stands for. Throws InvalidArguments. */
function finderOf(
  positionals: readonly string[],
): (book: BookReader, now: number) => Promise<Found> {
  const [reference = ''] = positionals
  if (positionals.length === 1 && uuid.test(reference))
    return async (book, now) => {
      const found = await book.find(reference, now)
      if (found === undefined) throw referenceNotFound(reference)
      return found
    }
  const id = recordId('show', positionals)
  return async (book) => {
    const record = await book.record(id)
    if (record === undefined) throw recordNotFound(id)
    return { kind: 'record', record }
  }
}

function referenceNotFound(reference: string): SidecarError {
  return new SidecarError(
    'RecordNotFound',
    `The ledger knows no usage by the id ${reference}. It belongs to another task or pod, to usage below one whole unit, or to a record that was settled more than 45 days ago, 7 where the product has customers.`,
  )
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
  const { hour, quantity } = found.open
  return [
    `${formatQuantity(quantity)} ${formatUsage(found.open)} of ${formatHour(hour)} are open: the hour is not sealed yet, and its record is sent once it is.`,
  ]
}
