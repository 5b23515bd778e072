import { isShared, type Account } from '../../metering/account.ts'
import { mergeCells, sumOf } from '../../metering/cell.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { possiblyTaken } from '../../metering/record/record.ts'
import type { SealInput, SealPlan } from '../../metering/record/seal-plan.ts'
import type { OpenAccountHour } from '../../store/view.ts'
import type { NamedSlot } from '../page/account-slots.ts'
import type { InsertedRecord } from '../page/page-records.ts'
import type { Page } from '../page/page.ts'
import { returnUsage } from '../settling/settle-record.ts'

/** Which hours are sealed, and into what. Hours are their start, ms, as every instant here. */
export interface SealRequest {
  /** Hours that start before this instant are sealed. */
  readonly before: number
  /** The same for customers whose licence has ended; `before` when absent. */
  readonly endedBefore?: number | undefined
  /** The same for usage that all tasks or pods share, while another one lives; `before` when absent. */
  readonly sharedBefore?: number | undefined
  readonly now: number
  /**
   * Usage of hours that start after this instant, in records too that were never sent, goes back to the
   * hour of `now`, where that is not sealed: such an hour has not begun, and may never come. Absent: it stays.
   */
  readonly foldAfter?: number | undefined
  /** Decides what becomes of an hour of a slot; pure. */
  readonly plan: (input: SealInput) => SealPlan
  /** Hours that get a record although nothing was reported: zero records. */
  readonly zeroHours: readonly { readonly dimension: string; readonly hour: number }[]
}

interface SlotHour {
  readonly slot: NamedSlot
  readonly hour: number
  readonly open: OpenAccountHour[]
}

/** What is sealed in one transaction, hours and tag sets: more would keep the event loop for too long. */
const sealedAtOnce = 125
const cellsAtOnce = 2500

interface DueHours {
  readonly hours: readonly OpenAccountHour[]
  /** No further hour is due. */
  readonly areAll: boolean
}

/** The hours that the next transaction seals. */
export function dueHours(
  page: Page,
  { before, endedBefore = before, sharedBefore, foldAfter, now }: SealRequest,
): DueHours {
  if (foldAfter !== undefined) {
    foldBack(page, foldAfter, hourOf(now))
    foldBackRecords(page, foldAfter, now)
  }
  const wanted = { before, endedBefore, sharedBefore, limit: sealedAtOnce }
  const found = page.sealableHours(wanted)
  const due = carryOn(page, found) ? page.sealableHours(wanted) : found
  const hours = firstCells(page, due)
  const areAll = due.length < sealedAtOnce && hours.length === due.length
  return { hours: areAll ? hours : withSiblings(page, hours), areAll }
}

/** The first of these hours, as many as have no more tag sets than one transaction takes, one at least. */
function firstCells(page: Page, due: readonly OpenAccountHour[]): readonly OpenAccountHour[] {
  let cells = 0
  const end = due.findIndex((open, index) => {
    const before = due[index - 1]
    // What several tasks or pods share goes into one record.
    const isSameHour = before?.account.name === open.account.name && before.hour === open.hour
    if (cells >= cellsAtOnce && !isSameHour) return true
    // The first is sealed in any case; of the others only those that fit are read.
    cells += index === 0 ? page.cells(open).length : page.countTagSets(open)
    return index > 0 && !isSameHour && cells > cellsAtOnce
  })
  return end === -1 ? due : due.slice(0, end)
}

/**
 * The same hours with what other accounts, and other tasks or pods, have for their slots, which go into
 * the same records. Each of them is there once, whichever hours it belongs to.
 */
function withSiblings(page: Page, due: readonly OpenAccountHour[]): OpenAccountHour[] {
  const hours = new Map(due.map((open) => [nameOf(open), open]))
  for (const open of due)
    for (const account of page.view.accountsOf(open.account.key.customer)) {
      if (account.name === open.account.name) continue
      if (page.slotOf(account).name !== page.slotOf(open.account).name) continue
      for (const sibling of openIn(page, { ...open, account }))
        if (page.cells(sibling).length > 0) hours.set(nameOf(sibling), sibling)
    }
  return [...hours.values()]
}

/** The hour of an account, and that of the other tasks or pods where they share it. */
function openIn(page: Page, open: OpenAccountHour): OpenAccountHour[] {
  if (!isShared(open.account.key)) return [open]
  const ofAll = page.view.openHoursOf(open.account).filter(({ hour }) => hour === open.hour)
  return [{ ...open, resource: page.resource }, ...ofAll]
}

function nameOf({ account, resource, hour }: OpenAccountHour): string {
  return `${hour}|${resource}|${account.name}`
}

/** Moves usage of hours that are over into records, one for each slot and hour. Oldest hour of each slot first. */
export function sealHours(
  page: Page,
  hours: readonly OpenAccountHour[],
  request: SealRequest,
  accountOf: (dimension: string) => Account,
): InsertedRecord[] {
  const due = bySlot(page, hours)
  const sealed = due.map((slotHour) => sealHour(page, slotHour, request))
  const zero = request.zeroHours.map(({ dimension, hour }) => {
    const account = accountOf(dimension)
    if (page.firstUnsealedHour(account, hour) !== hour) return undefined
    const slot = page.slotOf(account)
    const open = [{ account, resource: page.resource, hour }]
    return sealHour(page, { slot, hour, open }, request)
  })
  return [...sealed, ...zero].filter((record) => record !== undefined)
}

/**
 * Usage that another process added to an hour that had its record by then goes to the next hour without
 * one, and so does usage of a customer who is billed for that hour under another form. Returns whether
 * there was any.
 */
function carryOn(page: Page, hours: readonly OpenAccountHour[]): boolean {
  const forms = new Map<string, string>()
  const isOfFirstForm = ({ account: { key }, hour }: OpenAccountHour) => {
    if (key.identity === undefined) return true
    const name = JSON.stringify([key.customer, key.dimension, hour])
    const form = forms.get(name) ?? key.identity.form
    forms.set(name, form)
    return form === key.identity.form
  }
  const closed = hours.flatMap((open) => {
    if (page.isBilled(open.account, open.hour)) return { open, from: open.hour }
    return isOfFirstForm(open) ? [] : { open, from: open.hour + hourMs }
  })
  for (const { open, from } of closed) page.move(open, page.firstUnsealedHour(open.account, from))
  return closed.length > 0
}

function foldBack(page: Page, after: number, hour: number): void {
  for (const open of page.openHours(Number.POSITIVE_INFINITY, after)) {
    const target = page.firstUnsealedHour(open.account, hour)
    if (target < open.hour) page.move(open, target)
  }
}

/** The same for records that a clock ahead of AWS's sealed: never sent, they can be sealed again for AWS's hour. */
function foldBackRecords(page: Page, after: number, now: number): void {
  for (const record of page.waiting.unsent(after)) {
    if (record.resource !== page.resource) continue
    if (record.state !== 'sealed' || possiblyTaken(record)) continue
    page.update(record, {
      state: 'moved',
      lastCode: 'AheadOfAws',
      lastMessage:
        "The clock that sealed it was ahead of AWS's, so its usage goes to the current hour.",
      settledAt: now,
      movedTo: returnUsage(page, record, hourOf(now)),
    })
  }
}

/** The hours of each slot; several accounts share one when the product file changed within the hour. */
function bySlot(page: Page, hours: readonly OpenAccountHour[]): SlotHour[] {
  const slots = new Map<string, SlotHour>()
  for (const open of hours) {
    const slot = page.slotOf(open.account)
    const name = `${slot.name}|${open.hour}`
    const known = slots.get(name)
    if (known === undefined) slots.set(name, { slot, hour: open.hour, open: [open] })
    else known.open.push(open)
  }
  return [...slots.values()]
}

function sealHour(
  page: Page,
  { slot, hour, open }: SlotHour,
  { now, plan }: SealRequest,
): InsertedRecord | undefined {
  const accounts = [...Map.groupBy(open, ({ account }) => account.name).values()].flatMap((hours) =>
    hours.slice(0, 1).map(({ account }) => ({ account, hours })),
  )
  const input: SealInput = {
    productCode: slot.slot.productCode,
    dimension: slot.slot.dimension,
    hour,
    accounts: accounts.map(({ account, hours }) => ({
      account: account.key,
      cells: mergeCells(hours.map((each) => page.cells(each))),
      fraction: page.fraction(account),
    })),
    resource: page.resource,
    sealedAt: now,
  }
  const planned = plan(input)
  checkSum(input, planned)

  for (const each of open) page.empty(each)
  for (const [index, { account }] of accounts.entries())
    page.setFraction(account, planned.rests[index]?.fraction ?? 0n)
  const record = planned.record === undefined ? undefined : page.insert(slot, planned.record, now)
  for (const [index, { account }] of accounts.entries()) {
    const { carried = [] } = planned.rests[index] ?? {}
    for (const { tags, quantity } of carried) {
      const next = page.firstUnsealedHour(account, hour + hourMs)
      page.addUnguarded(account, next, tags, quantity)
    }
  }
  return record
}

/** A plan that loses or makes usage is a defect; the transaction must not happen. */
function checkSum({ dimension, accounts }: SealInput, { record, rests }: SealPlan): void {
  const into = accounts.reduce((all, { cells, fraction }) => all + fraction + sumOf(cells), 0n)
  const recorded = (record?.parts ?? []).reduce(
    (all, { account, quantity }) => all + quantity * account.divisor,
    0n,
  )
  const left = rests.reduce((all, { fraction, carried }) => all + fraction + sumOf(carried), 0n)
  if (into !== recorded + left || rests.some(({ fraction }) => fraction < 0n))
    throw new Error(`sealing ${dimension} would turn ${into} micro-units into ${recorded + left}`)
}
