import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/meter-usage/client-token.ts'
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
  zeroRecords: false,
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
    hoursAgo: fc.constantFrom(0, 1, 2),
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

const seal = fc.constantFrom(0, 1, 2).map(
  (hoursAgo): Command =>
    (page) =>
      sealPart(
        page,
        {
          before: hour - hoursAgo * hourMs + 1,
          now,
          plan: (input) => planSeal(input, rules),
          zeroHours: [],
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
            dimensions: ['requests'],
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
]
/** Of a record, and of held usage, that the book had before. */
const settle = fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(...answers)).map(
  ([id, answer]): Command =>
    (page) =>
      settleRecord(page, id, answer, now),
)
const release = fc.constant<Command>((page) => releaseHeld(page, 1, now, meaningOf))

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
  for (const record of marking.unsentRecords())
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
    { weight: 1, arbitrary: settle },
    { weight: 1, arbitrary: release },
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 14 }), (commands) => {
      expectSameInOneGroup(bookBefore, commands, { resource: owner, maxTagSets: 2 })
    }),
    { seed: 20_261_126, numRuns: 150 },
  )
})
