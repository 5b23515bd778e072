import type { Book } from './book.ts'
import type { BilledRecord, MeterCall } from './emulated-aws.ts'

export interface Reconciliation {
  readonly violations: readonly string[]
  /** Records that wait for an operator; whether AWS has billed them. */
  readonly unresolved: readonly string[]
}

export interface Sides {
  readonly acknowledged: ReadonlyMap<string, bigint>
  readonly book: Book
  readonly billed: readonly BilledRecord[]
  readonly calls: readonly MeterCall[]
}

const microPerUnit = 1_000_000n
/** The states in which AWS has, or may have, a record's units. */
const billedStates = new Set(['accepted', 'unresolved', 'sending'])

/** Compares what was acknowledged, what the ledger holds and what AWS billed, to the micro-unit. */
export function reconcile({ acknowledged, book, billed, calls }: Sides): Reconciliation {
  const bills = new Map(billed.map((bill) => [nameOf(bill), bill]))
  const records = new Map(
    book.records
      .filter(({ state }) => billedStates.has(state))
      .map((record) => [nameOf(record), record]),
  )
  const violations = [...book.faults]

  for (const dimension of new Set([...acknowledged.keys(), ...book.reported.keys()])) {
    const quantity = acknowledged.get(dimension) ?? 0n
    const whole = sum(billed.filter((bill) => bill.dimension === dimension))
    const unbilled = sum(
      book.records.filter(
        (record) =>
          record.dimension === dimension && record.state !== 'moved' && !bills.has(nameOf(record)),
      ),
    )
    const places = [book.open, book.fraction, book.voided]
    const kept = places.reduce((total, place) => total + (place.get(dimension) ?? 0n), 0n)
    const found = (whole + unbilled) * microPerUnit + kept
    if (found !== quantity)
      violations.push(
        `${dimension}: acknowledged ${quantity}, but billed ${whole}, unbilled records ${unbilled} and what is open or written off, ${kept}, make ${found} micro-units`,
      )
  }
  for (const bill of billed)
    if (!records.has(nameOf(bill)))
      violations.push(`${nameOf(bill)} was billed, and no record of the ledger says so`)
  for (const record of book.records.filter(({ state }) => state === 'accepted')) {
    const bill = bills.get(nameOf(record))
    if (bill?.quantity !== record.quantity || bill.meteringRecordId !== record.meteringRecordId)
      violations.push(`${nameOf(record)}: accepted in the ledger, not the same at AWS`)
  }
  return {
    violations: [...violations, ...changedContents(calls)],
    unresolved: book.records
      .filter(({ state }) => state === 'unresolved')
      .map(
        (record) =>
          `${nameOf(record)}: ${record.quantity} (${record.lastCode}), ${bills.has(nameOf(record)) ? 'billed' : 'not billed'}`,
      ),
  }
}

/** An hour of a dimension may be sent to AWS many times, always with the same content. */
function changedContents(calls: readonly MeterCall[]): string[] {
  const contents = new Map<string, string>()
  return calls.flatMap((call) => {
    const before = contents.get(nameOf(call)) ?? call.content
    contents.set(nameOf(call), before)
    const isNew = before !== call.content || call.outcome === 'DuplicateRequestException'
    return isNew ? [`${nameOf(call)} was sent as ${before} and as ${call.content}`] : []
  })
}

function nameOf({
  dimension,
  hour,
}: {
  readonly dimension: string
  readonly hour: number
}): string {
  return `${dimension} of ${new Date(hour).toISOString()}`
}

function sum(parts: readonly { readonly quantity: number }[]): bigint {
  return parts.reduce((total, { quantity }) => total + BigInt(quantity), 0n)
}
