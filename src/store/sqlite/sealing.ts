import type { DatabaseSync } from 'node:sqlite'
import { fromColumns, microPerWhole, toColumns } from './amount-columns.ts'
import type { Keys } from './accounts.ts'
import type { OpenUsage } from './open-usage.ts'
import { allocationsColumn, recordOf, selectRecord } from './record-rows.ts'
import { hourMs } from '../../metering/hour.ts'
import type { MeteringRecord } from '../../metering/record.ts'
import type { SealInput, SealPlan } from '../../metering/seal-plan.ts'

export interface SealRequest {
  /** Hours that start before this instant are sealed. */
  readonly before: number
  readonly now: number
  /** Pure: what to make of an hour of a key. */
  readonly plan: (input: SealInput) => SealPlan
  /** Hours that get a record although nothing was reported: zero records. */
  readonly zeroHours: readonly { readonly dimension: string; readonly hour: number }[]
}

/** Moves usage from the place `open` into records, one for each key and hour. */
export class Sealing {
  readonly #resource: { readonly id: number; readonly identity: string }
  readonly #keys: Keys
  readonly #open: OpenUsage
  readonly #due
  readonly #key
  readonly #setFraction
  readonly #insert
  readonly #byId

  constructor(
    database: DatabaseSync,
    resource: { readonly id: number; readonly identity: string },
    keys: Keys,
    open: OpenUsage,
  ) {
    this.#resource = resource
    this.#keys = keys
    this.#open = open
    this.#due = database.prepare(
      'SELECT DISTINCT key_id, hour FROM open WHERE hour < ? ORDER BY key_id, hour',
    )
    this.#key = database.prepare(
      'SELECT customer, dimension, fraction_whole, fraction_micro FROM key WHERE id = ?',
    )
    this.#key.setReadBigInts(true)
    this.#setFraction = database.prepare(
      'UPDATE key SET fraction_whole = ?, fraction_micro = ? WHERE id = ?',
    )
    this.#insert = database.prepare(
      `INSERT INTO record (key_id, resource_id, product_code, hour, timestamp, quantity, divisor,
                           allocations, client_token, state, sealed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sealed', ?) RETURNING id`,
    )
    this.#byId = database.prepare(`${selectRecord} WHERE record.id = ?`)
  }

  /** Whether an hour that starts before `before` holds open usage. */
  isDue(before: number): boolean {
    return this.#due.get(before) !== undefined
  }

  /** The records that were made, oldest hour of each key first. Inside a transaction only. */
  seal(request: SealRequest): MeteringRecord[] {
    this.#open.flush()
    const due = this.#due
      .all(request.before)
      .map((row) => ({ keyId: Number(row['key_id']), hour: Number(row['hour']) }))
    const sealed = due.map(({ keyId, hour }) => this.#sealHour(keyId, hour, request))
    const zero = request.zeroHours.map(({ dimension, hour }) => {
      const keyId = this.#keys.idOf('', dimension)
      const unsealed = this.#open.firstUnsealedHour(keyId, hour) === hour
      return unsealed ? this.#sealHour(keyId, hour, request) : undefined
    })
    return [...sealed, ...zero].filter((record) => record !== undefined)
  }

  #sealHour(keyId: number, hour: number, request: SealRequest): MeteringRecord | undefined {
    const key = this.#key.get(keyId)
    const input: SealInput = {
      customer: String(key?.['customer']),
      dimension: String(key?.['dimension']),
      hour,
      cells: this.#open.cells(keyId, hour),
      fraction: fromColumns(key?.['fraction_whole'] as bigint, key?.['fraction_micro'] as bigint),
      resource: this.#resource.identity,
      sealedAt: request.now,
    }
    const plan = request.plan(input)
    checkSum(input, plan)

    const record =
      plan.record === undefined ? undefined : this.#insertRecord(keyId, plan.record, request.now)
    this.#open.remove(keyId, hour)
    const { whole, micro } = toColumns(plan.fraction)
    this.#setFraction.run(whole, micro, keyId)
    if (plan.carried.length > 0) {
      const next = this.#open.firstUnsealedHour(keyId, hour + hourMs)
      for (const { tags, quantity } of plan.carried) this.#open.add(keyId, next, tags, quantity)
      this.#open.flush()
    }
    return record
  }

  #insertRecord(
    keyId: number,
    content: NonNullable<SealPlan['record']>,
    now: number,
  ): MeteringRecord {
    const row = this.#insert.get(
      keyId,
      this.#resource.id,
      content.productCode,
      content.hour,
      content.timestamp,
      content.quantity,
      content.divisor,
      allocationsColumn(content.allocations),
      content.clientToken,
      now,
    )
    const inserted = this.#byId.get(Number(row?.['id']))
    if (inserted === undefined) throw new Error('the record that was just inserted is not there')
    return recordOf(inserted)
  }
}

/** A plan that loses or makes usage is a defect; the transaction must not happen. */
function checkSum(input: SealInput, plan: SealPlan): void {
  const into = input.fraction + sum(input.cells)
  const record = plan.record
  const recorded =
    record === undefined ? 0n : BigInt(record.quantity) * microPerWhole(record.divisor)
  const out = recorded + plan.fraction + sum(plan.carried)
  if (into !== out || plan.fraction < 0n)
    throw new Error(`sealing ${input.dimension} would turn ${into} micro-units into ${out}`)
}

function sum(cells: readonly { readonly quantity: bigint }[]): bigint {
  return cells.reduce((total, { quantity }) => total + quantity, 0n)
}
