import type { BilledRecord } from '../../kill/emulated-aws.ts'
import type { SharedBook, SharedRecord } from './shared-book.ts'

const microPerUnit = 1_000_000n

/** What several sidecars were told, what their ledger holds and what AWS billed, compared to the micro-unit. */
export function reconcileShared(
  acknowledged: ReadonlyMap<string, bigint>,
  book: SharedBook,
  billed: readonly BilledRecord[],
): string[] {
  const bills = new Set(billed.map(({ meteringRecordId }) => meteringRecordId))
  const violations: string[] = []
  for (const dimension of new Set([...acknowledged.keys(), ...book.reported.keys()])) {
    const of = <T extends { readonly dimension: string }>(all: readonly T[]) =>
      all.filter((each) => each.dimension === dimension)
    const told = acknowledged.get(dimension) ?? 0n
    const reported = book.reported.get(dimension) ?? 0n
    if (reported !== told)
      violations.push(`${dimension}: acknowledged ${told}, in the book ${reported} micro-units`)
    const accepted = sum(of(book.records).filter(({ state }) => state === 'accepted'))
    const unresolved = sum(of(book.records).filter(({ state }) => state === 'unresolved'))
    const kept = (book.open.get(dimension) ?? 0n) + (book.fraction.get(dimension) ?? 0n)
    if ((accepted + unresolved) * microPerUnit + kept !== reported)
      violations.push(
        `${dimension}: reported ${reported}, accepted ${accepted}, unresolved ${unresolved}, open and fraction ${kept}`,
      )
    const bill = sum(of(billed))
    if (bill < accepted || bill > accepted + unresolved)
      violations.push(
        `${dimension}: AWS billed ${bill}, accepted ${accepted}, unresolved ${unresolved}`,
      )
  }
  for (const { id, state, meteringRecordId } of book.records)
    if (state === 'accepted' && !bills.has(meteringRecordId ?? ''))
      violations.push(`record ${id} is accepted in the ledger, and not at AWS`)
  const mayBeBilled = new Map<string, SharedRecord>()
  for (const record of book.records)
    if (['accepted', 'unresolved'].includes(record.state))
      mayBeBilled.set(JSON.stringify([record.dimension, record.hour, record.quantity]), record)
  for (const { dimension, hour, quantity } of billed)
    if (!mayBeBilled.has(JSON.stringify([dimension, hour, quantity])))
      violations.push(`AWS billed ${quantity} ${dimension}, and no record of the ledger says so`)
  return violations
}

function sum(parts: readonly { readonly quantity: number }[]): bigint {
  return parts.reduce((total, { quantity }) => total + BigInt(quantity), 0n)
}
