import type { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../kernel/errors.ts'
import { findRecord } from './operator-actions.ts'
import { overviewOf } from './overview.ts'
import { referenceOf } from '../../store/reference.ts'
import type { MeteringRecord } from '../../metering/record.ts'

/** Usage of an hour that has no record yet. */
export interface OpenUsageFound {
  readonly customer: string
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}

export type Found =
  | { readonly kind: 'record'; readonly record: MeteringRecord }
  | { readonly kind: 'open'; readonly open: OpenUsageFound }

/**
 * What a MeteringRecordId stands for: AWS's own of an accepted record, or the one that the AWS front
 * gave an application before its hour was over. Throws RecordNotFound.
 */
export function findByReference(database: DatabaseSync, reference: string, now: number): Found {
  const wanted = reference.toLowerCase()
  const rows = database
    .prepare(
      `SELECT record.id, customer, dimension, hour, identity AS resource, metering_record_id
       FROM record JOIN key ON key.id = key_id JOIN resource ON resource.id = resource_id`,
    )
    .iterate()
  for (const row of rows) {
    const name = {
      resource: String(row['resource']),
      customer: String(row['customer']),
      dimension: String(row['dimension']),
      hour: Number(row['hour']),
    }
    if (row['metering_record_id'] === wanted || referenceOf(name) === wanted)
      return { kind: 'record', record: findRecord(database, Number(row['id'])) }
  }
  const { owner, openByTags } = overviewOf(database, now)
  const cells = openByTags.filter(
    ({ customer, dimension, hour }) =>
      referenceOf({ resource: owner?.identity ?? '', customer, dimension, hour }) === wanted,
  )
  const [first] = cells
  if (first === undefined)
    throw new SidecarError(
      'RecordNotFound',
      `The ledger knows no usage by the id ${reference}. It is that of another task or pod, of usage below one whole unit, or of a record that was settled more than 45 days ago.`,
    )
  const { customer, dimension, hour } = first
  const quantity = cells.reduce((sum, cell) => sum + cell.quantity, 0n)
  return { kind: 'open', open: { customer, dimension, hour, quantity } }
}
