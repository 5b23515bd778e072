import { imbalancesOf, auditBook } from '../../src/ledger/audit/audit.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { batchMeterUsageWindow } from '../../src/metering/record/record-window.ts'
import { sealableBefore } from '../../src/metering/record/seal-time.ts'
import { possiblyTaken, type MeteringRecord } from '../../src/metering/record/record.ts'
import type { Store } from '../../src/store/store.ts'
import { sealDelayMs } from '../support/ledger/model-process.ts'
import type { ModelAws } from '../support/aws/model-aws.ts'
import { usageName, type SimulatedApplication } from './simulated-application.ts'
import type { SimulatedCustomers } from './simulated-customers.ts'
import { checkOpenOfCustomers, checkWindow } from './customer-invariants.ts'
import { Violation } from './violation.ts'

export interface Checked {
  readonly store: Store
  readonly aws: ModelAws
  readonly application: SimulatedApplication
  /** Undefined where a buyer runs the sidecar. */
  readonly customers?: SimulatedCustomers | undefined
  /** Dimensions whose amounts no report says: they are measured. */
  readonly measured?: readonly string[]
  /** AWS's time when a record was given up because it was too late for AWS, by id. */
  readonly givenUp?: ReadonlyMap<number, number>
  /** AWS's clock, ms. */
  readonly now: number
}

/** Settled records are kept at least this long, also by a clock that is a day ahead. */
const keptMs = { ofBuyer: 43 * 24 * hourMs, ofCustomers: 5 * 24 * hourMs }

/** After every event: nothing acknowledged is missing, each unit is in one place, and AWS agrees. */
export async function checkAlways(checked: Checked): Promise<void> {
  await checkBook(checked)
  await checkBilling(checked)
  await checkCustomers(checked)
}

/** A registration and the end of a licence are in the book once they were answered. */
async function checkCustomers({ store, customers, now }: Checked): Promise<void> {
  for (const key of customers?.registered ?? []) {
    const { registration } = (await store.customer(key, now)) ?? {}
    if (registration === undefined) throw new Violation('lost', `the registration of ${key}`)
    if (customers?.ended.has(key) === true && registration.endedAt === undefined)
      throw new Violation('lost', `the end of the licence of ${key}`)
  }
}

async function checkBook({ store, application, measured = [] }: Checked): Promise<void> {
  const balances = auditBook(await store.accountSums())
  for (const { dimension, divisor, imbalance } of imbalancesOf(balances))
    throw new Violation('imbalance', `${imbalance} of ${dimension} / ${divisor}`)
  const inBook = new Map<string, bigint>()
  for (const { customer, dimension, reported } of balances) {
    if (measured.includes(dimension)) continue
    const name = usageName(customer, dimension)
    inBook.set(name, (inBook.get(name) ?? 0n) + reported)
  }
  for (const name of new Set([...inBook.keys(), ...application.acknowledged.keys()])) {
    const reported = inBook.get(name) ?? 0n
    const acknowledged = application.acknowledged.get(name) ?? 0n
    const most =
      acknowledged + (application.perhaps.get(name) ?? 0n) + application.mayBeRecorded(name)
    if (reported < acknowledged)
      throw new Violation('lost', `${acknowledged - reported} of ${name} were acknowledged`)
    if (reported > most)
      throw new Violation('counted-twice', `${reported - most} of ${name} were not reported`)
  }
}

async function checkBilling({ store, aws, customers, givenUp, now }: Checked): Promise<void> {
  // Before the book is read, which takes several turns: what is sent meanwhile was marked after its page was read.
  const atAws = [...aws.entries]
  const records = new Map<string, MeteringRecord[]>()
  const ids = new Map<string, MeteringRecord>()
  const key = (resource: string, dimension: string, hour: number) =>
    `${resource}|${dimension}|${hour}`
  for await (const record of store.records(everything)) {
    const { slot, resource } = record
    // AWS knows the record of a customer by him, any other by the task or pod that has sent it.
    const holder = slot.channel === 'batch-meter-usage' ? slot.holder : resource
    const name = key(holder, record.dimension, record.hour)
    records.set(name, [...(records.get(name) ?? []), record])
    if (customers !== undefined) checkWindow(record, givenUp?.get(record.id))
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
  const kept = now - (customers === undefined ? keptMs.ofBuyer : keptMs.ofCustomers)
  for (const [name, { ours, resource, dimension, hour, quantity }] of atAws) {
    if (!ours || hour < kept) continue
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
export async function checkStopped(checked: Checked, resource: string): Promise<string[]> {
  const { store, now, customers } = checked
  const left: string[] = []
  const { open, pending, fractions, held, unresolvedCount } = await store.usage(now)
  if (held.length > 0) left.push('left at the end: held')
  for (const record of pending)
    if (record.state === 'refused') left.push('left at the end: refused')
    else throw new Violation('left-behind', `record ${record.id} is ${record.state}`)
  if (unresolvedCount > 0) left.push('left at the end: unresolved')
  if (fractions.length > 0) left.push('left at the end: a fraction')
  if (customers !== undefined)
    return [
      ...left,
      ...(await checkOpenOfCustomers(
        checked,
        sealableBefore(now, sealDelayMs, batchMeterUsageWindow),
      )),
    ]
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
export async function checkQuiet(checked: Checked, sealedBefore: number): Promise<void> {
  const { store, now, customers } = checked
  const { open, pending } = await store.usage(now)
  const stuck = pending.filter(({ state }) => state !== 'refused')
  const [first] = stuck
  if (first !== undefined) throw new Violation('stuck', `record ${first.id} is ${first.state}`)
  if (customers !== undefined) {
    await checkOpenOfCustomers(checked, sealedBefore)
    return
  }
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
