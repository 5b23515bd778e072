import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { toIso } from '../../kernel/clock.ts'
import { csvLine } from '../../kernel/text/csv.ts'
import { toNumber } from '../../metering/quantity.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'

/** Returns what AWS has accepted, oldest hour first. */
export type AcceptedRecords = () => AsyncIterable<MeteringRecord>

/** New ones are only ever added at the end. */
const columns = [
  'hour',
  'dimension',
  'quantity',
  'meteringRecordId',
  'settledAt',
  'productCode',
  'customer',
]

/** `GET /v1/records.csv`: what AWS has accepted, as long as the ledger keeps it. Quantities are AWS's units. */
export function recordsCsvRoute(app: FastifyInstance, accepted: AcceptedRecords): void {
  app.get('/v1/records.csv', ({ method }, reply) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="billed.csv"')
      // To answer HEAD, Fastify would read all of it.
      .send(Readable.from(method === 'HEAD' ? [] : linesOf(accepted()))),
  )
}

async function* linesOf(records: AsyncIterable<MeteringRecord>): AsyncGenerator<string> {
  yield `${csvLine(columns)}\n`
  for await (const record of records) yield `${lineOf(record)}\n`
}

function lineOf(record: MeteringRecord): string {
  const { hour, dimension, quantity, meteringRecordId = '', settledAt } = record
  const settled = settledAt === undefined ? '' : toIso(settledAt)
  return csvLine([
    toIso(hour),
    dimension,
    toNumber(quantity),
    meteringRecordId,
    settled,
    record.productCode,
    record.customer,
  ])
}
