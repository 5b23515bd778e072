import type { AccountKey } from '../../metering/account.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { usageOfPart, type MeteringRecord } from '../../metering/record/record.ts'
import type { Page } from '../page/page.ts'
import type { OperatorAction } from '../../metering/record/operator-table.ts'
import { decisionsNote } from '../../store/summary.ts'
import type { UsageToWriteOff } from './write-off.ts'

/** The note that says which decision was announced last. */
export const announcedNote = 'operator.announced'

/** Older ones are only in the records and in what was written off. */
const keptDecisions = 1000

/** A decision of an operator, as it is kept, exported and logged. Instants are ms. */
export interface DecisionEntry {
  /** From 1 on, in the order in which they were made. */
  readonly number: number
  readonly at: number
  readonly action: OperatorAction
  /** Of the record or of the held usage; null for usage that was written off without one. */
  readonly id: number | null
  /** The key of the customer's registration, empty for the buyer; missing in decisions of 0.2.0. */
  readonly customer?: string
  readonly dimension: string
  /** Null for usage of several hours. */
  readonly hour: number | null
  /** In what the application counts, a decimal number. */
  readonly quantity: string
  readonly reason: string | null
}

/** Held usage as a decision found it: in micro-units, of an hour that starts at this instant, ms. */
interface HeldUsage {
  readonly account: Pick<AccountKey, 'customer' | 'dimension'>
  readonly hour: number
  readonly quantity: bigint
}

/** Keeps a decision in the transaction that carries it out. */
export function noteDecision(page: Page, decision: Omit<DecisionEntry, 'number'>): void {
  const before = readDecisions(page.noted(decisionsNote))
  const entry = { ...decision, number: (before.at(-1)?.number ?? 0) + 1 }
  page.note(decisionsNote, JSON.stringify([...before, entry].slice(-keptDecisions)))
}

/** The decisions of a note, oldest first. */
export function readDecisions(note: string | undefined): readonly DecisionEntry[] {
  return note === undefined ? [] : (JSON.parse(note) as DecisionEntry[])
}

/** The decisions of several notes, oldest first: a task that adopts a book goes on with the note of the one before. */
export function mergeDecisions(notes: readonly string[]): DecisionEntry[] {
  const all = notes.flatMap(readDecisions)
  const each = new Map(all.map((decision) => [JSON.stringify(decision), decision]))
  return [...each.values()].toSorted((a, b) => a.at - b.at || a.number - b.number)
}

/** What a decision about held usage is about. */
export function aboutHeld(id: number, { account, hour, quantity }: HeldUsage) {
  const { customer, dimension } = account
  return { id, customer, dimension, hour, quantity: formatQuantity(quantity), reason: null }
}

/** What a decision about a record is about. */
export function aboutRecord(record: MeteringRecord) {
  const { id, customer, dimension, hour, parts } = record
  const quantity = parts.flatMap(usageOfPart).reduce((sum, cell) => sum + cell.quantity, 0n)
  return { id, customer, dimension, hour, quantity: formatQuantity(quantity), reason: null }
}

/** What a decision about usage without a record is about. */
export function aboutUsage({ customer, dimension, quantity, reason }: UsageToWriteOff) {
  const written = formatQuantity(quantity)
  return { id: null, customer, dimension, hour: null, quantity: written, reason }
}
