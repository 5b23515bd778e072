import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { reopenRefused } from '../../../src/ledger/decisions/reopen-record.ts'
import {
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../../src/ledger/decisions/operator-actions.ts'
import { writeOffRecord, writeOffUsage } from '../../../src/ledger/decisions/write-off.ts'
import { sumOf } from '../../../src/metering/cell.ts'
import { countStreams } from '../../../src/ledger/readings/count-streams.ts'
import { resealRecord } from '../../../src/ledger/sealing/reseal-record.ts'
import { markAll } from '../../../src/ledger/settling/settle-record.ts'
import { releaseHeld } from '../../../src/ledger/decisions/release-held.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import { countPage } from '../../../src/ledger/readings/count-page.ts'
import { readingRulesOf } from '../../../src/ledger/readings/reading-rules.ts'
import { reportUsage } from '../../../src/ledger/reporting/report-usage.ts'
import { UsageAccounts } from '../../../src/ledger/reporting/usage-accounts.ts'
import { sealPart } from '../../../src/ledger/sealing/seal-part.ts'
import { settleRecord } from '../../../src/ledger/settling/settle-record.ts'
import type { Aggregate } from '../../../src/metering/account.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import { meterUsageWindow } from '../../../src/metering/record/record-window.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { expectSameInOneGroup, type Command } from '../../support/ledger/one-group.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const now = Date.parse('2026-03-10T11:30:00Z')
const hour = now - (now % hourMs)
const unit = 1_000_000n
const owner = 'pod:1'

const aggregates: Readonly<Record<string, Aggregate>> = {
  seats: 'integral',
  hosts: 'max',
  users: 'unique',
  level: 'last',
}
const meaningOf = (dimension: string) => ({
  productCode: 'product',
  divisor: 2n,
  aggregate: aggregates[dimension] ?? 'sum',
})
const readings = readingRulesOf({
  meaningOf,
  readings: { maxReadings: 3, newSecret: () => 'secret' },
})
const accounts = new UsageAccounts(meaningOf, false)
const ofBuyer = (dimension: string) => accounts.ofBuyer(dimension)
const limitOf = ({ dimension }: { readonly dimension: string }) =>
  dimension === 'guarded' ? 4n * unit : undefined
const rules = {
  zeroRecords: true,
  formOf: () => 'whole' as const,
  clientTokenOf,
  onFolded: () => {},
}

const report = fc
  .record({
    dimension: fc.constantFrom('requests', 'guarded', ...Object.keys(aggregates)),
    quantity: fc.bigInt({ min: 1n, max: 5n * unit }),
    tags: fc.constantFrom('', '', '[["team","a"]]', '[["team","b"]]', '[["team","c"]]'),
    member: fc.constantFrom('ada', 'bob', 'cy', 'dee'),
    hoursAgo: fc.constantFrom(0, 1, 2, -1),
    minute: fc.nat({ max: 29 }),
    key: fc.constantFrom(undefined, undefined, 'k', 'l'),
  })
  .map(({ dimension, quantity, tags, member, hoursAgo, minute, key }): Command => {
    const one = {
      dimension,
      quantity,
      tags,
      occurredAt: hour - hoursAgo * hourMs + minute * 60_000,
      idempotencyKey: key,
      ...(dimension === 'users' && { member }),
    }
    return (page) =>
      reportUsage(
        page,
        { reports: [one], idempotencyKey: undefined },
        { placeOf: accounts.placesOn(page), window: meterUsageWindow, readings },
        now,
      )
  })

const seal = fc.tuple(fc.constantFrom(-1, 0, 1, 2), fc.boolean()).map(
  ([hoursAgo, zero]): Command =>
    (page) =>
      sealPart(
        page,
        {
          before: hour - hoursAgo * hourMs + 1,
          now,
          plan: (input) => planSeal(input, rules),
          zeroHours: zero ? [{ dimension: 'requests', hour: hour - hourMs }] : [],
        },
        limitOf,
        ofBuyer,
      ),
)

const counters = fc
  .record({ value: fc.bigInt({ min: 0n, max: 9n }), series: fc.constantFrom('a', 'b') })
  .map(
    ({ value, series }): Command =>
      (page) =>
        countPage(
          page,
          {
            source: 'page',
            readAt: now,
            startedAt: now,
            isSteady: true,
            follows: new Map([['requests', 'all']]),
            counters: [
              {
                dimension: 'requests',
                series,
                tags: '',
                value: value * unit,
                startedAt: now,
                firstValue: 'count',
              },
            ],
          },
          ofBuyer,
          { firstSeenAt: 0, readings },
        ),
  )

const told = { code: 'C', message: 'm' }
const answers: readonly Settlement[] = [
  { kind: 'accepted', meteringRecordId: 'm-1' },
  { kind: 'hour-taken', ...told },
  { kind: 'too-late', ...told, policy: 'hold' },
  { kind: 'too-late', ...told, policy: 'carry' },
  { kind: 'refused', ...told },
  { kind: 'another-stands', ...told },
  { kind: 'not-taken', ...told },
  { kind: 'unknown', ...told },
]
/** Of a record, and of held usage, that the book had before. */
const settle = fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(...answers)).map(
  ([id, answer]): Command =>
    (page) =>
      settleRecord(page, id, answer, now),
)
const release = fc.constant<Command>((page) => releaseHeld(page, 1, now, meaningOf))

const today = { productCode: 'product', dimensionOf: (dimension: string) => dimension }
const decisions: readonly ((page: Page, id: number) => unknown)[] = [
  retryRefused,
  (page, id) => reopenRefused(page, id, now, today),
  (page, id) => resolveDelivered(page, id, now),
  (page, id) => resolveResend(page, id, now, true),
  (page, id) => writeOffRecord(page, id, 'x', now),
]
const decide = fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(...decisions)).map(
  ([id, decision]): Command =>
    (page) =>
      decision(page, id),
)

const streams = fc
  .record({
    value: fc.bigInt({ min: 0n, max: 9n }),
    series: fc.constantFrom('a', 'b'),
    ago: fc.constantFrom(0, 60_000, 7 * hourMs),
    start: fc.constantFrom(0, 1),
  })
  .map(
    ({ value, series, ago, start }): Command =>
      (page) =>
        countStreams(
          page,
          {
            source: 's',
            follows: new Map([['requests', 'all']]),
            points: [
              {
                dimension: 'requests',
                series,
                tags: '',
                value: value * unit,
                startedAt: now - 8 * hourMs + start * 20_000,
                start: String(start),
                at: now - ago,
                firstValue: 'count',
              },
            ],
          },
          ofBuyer,
          { firstSeenAt: 0, readings, now, window: meterUsageWindow },
        ),
  )
const marks = fc.oneof(
  fc.constantFrom(1, 2, 3).map(
    (id): Command =>
      (page) =>
        markAll(page, [id], now),
  ),
  fc.constantFrom(1, 2, 3).map(
    (id): Command =>
      (page) =>
        resealRecord(page, id, now, () => 'again'),
  ),
)

/** A decision that is refused when it has changed the page rolls its group back, so it is looked at before. */
const writeOff = fc
  .record({
    dimension: fc.constantFrom('guarded', 'guarded', 'requests'),
    quantity: fc.bigInt({ min: 1n, max: 3n * unit }),
  })
  .map((part): Command => (page) => {
    const wanted = { ...part, tags: undefined, customer: '', reason: 'x' }
    if (sumOf(cellsOf(page, part.dimension)) < part.quantity)
      throw new SidecarError('UsageNotFound', 'there is less')
    writeOffUsage(page, wanted, now)
  })

function cellsOf(page: Page, dimension: string) {
  const isOf = ({
    account,
  }: {
    readonly account: { readonly key: { readonly dimension: string } }
  }) => account.key.dimension === dimension
  const held = page.heldHours().filter(isOf)
  const open = page.openHours(Infinity).filter(isOf)
  return [
    ...held.flatMap((each) => page.heldCells(each)),
    ...open.flatMap((each) => page.cells(each)),
  ]
}

/** A book with three records under way and with held usage. */
function bookBefore(): ModelBook {
  const book = new ModelBook()
  const first = openPage(book, owner)
  first.takeOwnership(0)
  const rulesOf = (page: Page) => ({
    placeOf: accounts.placesOn(page),
    window: meterUsageWindow,
    readings,
  })
  const reports = ['requests', 'guarded', 'other', 'another'].map((dimension) => ({
    dimension,
    quantity: dimension === 'guarded' ? 5n * unit : 3n * unit,
    tags: '',
    occurredAt: hour - 3 * hourMs,
    idempotencyKey: undefined,
  }))
  reportUsage(first, { reports, idempotencyKey: undefined }, rulesOf(first), now)
  book.apply(first.changes())
  const sealing = openPage(book, owner)
  const plan: Parameters<typeof sealPart>[1]['plan'] = (input) => planSeal(input, rules)
  sealPart(sealing, { before: hour, now, plan, zeroHours: [] }, limitOf, ofBuyer)
  book.apply(sealing.changes())
  const marking = openPage(book, owner)
  for (const record of marking.waiting.unsent())
    marking.update(record, { state: 'sending', inFlight: true, attempts: 1 })
  book.apply(marking.changes())
  expect([book.records.size, book.held.size]).toEqual([3, 1])
  return book
}

test('commands in one group give the same book as one after the other', () => {
  const command = fc.oneof(
    { weight: 8, arbitrary: report },
    { weight: 3, arbitrary: seal },
    { weight: 1, arbitrary: counters },
    { weight: 3, arbitrary: settle },
    { weight: 1, arbitrary: release },
    { weight: 2, arbitrary: writeOff },
    { weight: 3, arbitrary: decide },
    { weight: 2, arbitrary: streams },
    { weight: 2, arbitrary: marks },
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 14 }), (commands) => {
      expectSameInOneGroup(bookBefore, commands, { resource: owner, maxTagSets: 2 })
    }),
    { seed: 20_261_126, numRuns: 250 },
  )
})
