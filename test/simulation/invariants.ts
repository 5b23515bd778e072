import { imbalancesOf, auditBook } from '../../src/ledger/audit/audit.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { possiblyTaken, type MeteringRecord } from '../../src/metering/record.ts'
import type { Store } from '../../src/store/store.ts'
import { modelDimensions } from '../support/ledger/model-process.ts'
import type { ModelAws } from '../support/aws/model-aws.ts'
import type { SimulatedApplication } from './simulated-application.ts'
import { Violation } from './violation.ts'

export interface Checked {
  readonly store: Store
  readonly aws: ModelAws
  readonly application: SimulatedApplication
  /** AWS's clock, ms. */
  readonly now: number
}

/** Settled records are kept at least this long, also by a clock that is a day ahead. */
const keptMs = 43 * 24 * hourMs

/** After every event: nothing acknowledged is missing, each unit is in one place, and AWS agrees. */
export async function checkAlways(checked: Checked): Promise<void> {
  await checkBook(checked)
  await checkBilling(checked)
}

async function checkBook({ store, application }: Checked): Promise<void> {
  const balances = auditBook(await store.accountSums())
  for (const { dimension, divisor, imbalance } of imbalancesOf(balances))
    throw new Violation('imbalance', `${imbalance} of ${dimension} / ${divisor}`)
  for (const dimension of modelDimensions) {
    const reported = balances
      .filter((balance) => balance.dimension === dimension)
      .reduce((sum, balance) => sum + balance.reported, 0n)
    const acknowledged = application.acknowledged.get(dimension) ?? 0n
    const most =
      acknowledged +
      (application.perhaps.get(dimension) ?? 0n) +
      application.mayBeRecorded(dimension)
    if (reported < acknowledged)
      throw new Violation('lost', `${acknowledged - reported} of ${dimension} were acknowledged`)
    if (reported > most)
      throw new Violation('counted-twice', `${reported - most} of ${dimension} were not reported`)
  }
}

async function checkBilling({ store, aws, now }: Checked): Promise<void> {
  const records = new Map<string, MeteringRecord[]>()
  const ids = new Map<string, MeteringRecord>()
  const key = (resource: string, dimension: string, hour: number) =>
    `${resource}|${dimension}|${hour}`
  for await (const record of store.records(everything)) {
    const name = key(record.resource, record.dimension, record.hour)
    records.set(name, [...(records.get(name) ?? []), record])
    if (record.state !== 'accepted') continue
    const entry = aws.entries.get(name)
    if (entry?.ours !== true || entry.quantity !== record.quantity)
      throw new Violation('never-billed', shortOf(record))
    const id = record.meteringRecordId
    const twin = id === undefined ? undefined : ids.get(id)
    if (twin !== undefined)
      throw new Violation('one-id-twice', `${shortOf(twin)}; ${shortOf(record)}`)
    if (id !== undefined) ids.set(id, record)
  }
  for (const [name, { ours, resource, dimension, hour, quantity }] of aws.entries) {
    if (!ours || hour < now - keptMs) continue
    const mine = records.get(name) ?? []
    if (mine.some((record) => record.quantity === quantity && isPerhapsBilled(record))) continue
    const what = `AWS has ${quantity} of ${dimension} for ${isoHour(hour)} from ${resource}`
    throw new Violation('billed-twice', `${what}; the book: ${mine.map(shortOf).join('; ')}`)
  }
  if (aws.overlaps.length > 0) throw new Violation('overlap', aws.overlaps.join(', '))
}

function isPerhapsBilled(record: MeteringRecord): boolean {
  const { state } = record
  if (state === 'moved') return false
  return state === 'accepted' || state === 'unresolved' || possiblyTaken(record)
}

/**
 * After a graceful stop with AWS up: what is left lies in a place that waits for more usage or for a
 * person. Returns how often each such place occurred.
 */
export async function checkStopped({ store, now }: Checked, resource: string): Promise<string[]> {
  const left: string[] = []
  const { open, pending, fractions, held, unresolvedCount } = await store.usage(now)
  if (held.length > 0) left.push('left at the end: held')
  for (const record of pending)
    if (record.state === 'refused') left.push('left at the end: refused')
    else throw new Violation('left-behind', `record ${record.id} is ${record.state}`)
  if (unresolvedCount > 0) left.push('left at the end: unresolved')
  if (fractions.length > 0) left.push('left at the end: a fraction')
  // What is held keeps its hour closed: an operator can put it back there.
  const closed = new Set(held.map(({ dimension, hour }) => `${dimension}|${hour}`))
  for await (const { slot, hour } of store.records(everything))
    if (slot.holder === resource) closed.add(`${slot.dimension}|${hour}`)
  for (const { dimension, hour, quantity } of open) {
    if (quantity === 0n) continue
    const current = hourOf(now)
    const why = `${quantity} of ${dimension} are open in ${isoHour(hour)} at ${isoHour(now)}`
    if (hour <= current) throw new Violation('left-behind', why)
    if (!closed.has(`${dimension}|${current}`)) throw new Violation('left-behind', `${why}, ahead`)
    left.push('left at the end: usage of an hour that is closed')
  }
  return left
}

/** After quiet hours: nothing that can be sent is unsent. */
export async function checkQuiet({ store, now }: Checked, sealedBefore: number): Promise<void> {
  const { open, pending } = await store.usage(now)
  const stuck = pending.filter(({ state }) => state !== 'refused')
  const [first] = stuck
  if (first !== undefined) throw new Violation('stuck', `record ${first.id} is ${first.state}`)
  for (const { dimension, hour, quantity } of open)
    if (hour < sealedBefore && quantity > 0n)
      throw new Violation('stuck', `${quantity} of ${dimension} are open in ${isoHour(hour)}`)
}

const everything = { since: undefined, until: undefined, dimension: undefined }

function isoHour(hour: number): string {
  return new Date(hour).toISOString().slice(0, 16)
}

function shortOf({
  id,
  resource,
  dimension,
  hour,
  quantity,
  state,
  lastCode,
}: MeteringRecord): string {
  return `record ${id} of ${resource}: ${quantity} of ${dimension} for ${isoHour(hour)}, ${state}, ${lastCode ?? 'no code'}`
}
