import * as fc from 'fast-check'
import { test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import {
  applyEvent,
  deleteCustomer,
  endCustomer,
} from '../../../src/ledger/customers/end-customer.ts'
import { adoptCustomer } from '../../../src/ledger/customers/named-customer.ts'
import { registerCustomer } from '../../../src/ledger/customers/register-customer.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import { readingRulesOf } from '../../../src/ledger/readings/reading-rules.ts'
import { reportRecords } from '../../../src/ledger/reporting/report-records.ts'
import { reportUsage } from '../../../src/ledger/reporting/report-usage.ts'
import { UsageAccounts } from '../../../src/ledger/reporting/usage-accounts.ts'
import { sealPart } from '../../../src/ledger/sealing/seal-part.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { batchMeterUsageWindow } from '../../../src/metering/record/record-window.ts'
import { planSeal } from '../../../src/metering/record/seal.ts'
import { expectSameInOneGroup, type Command } from '../../support/ledger/one-group.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const now = Date.parse('2026-03-10T11:30:00Z')
const hour = now - (now % hourMs)
const unit = 1_000_000n
const owner = 'saas:product'
const meaningOf = () => ({ productCode: 'product', divisor: 1n })
const accounts = new UsageAccounts(meaningOf, true)
const rulesOn = (page: Page) => ({
  placeOf: accounts.placesOn(page),
  window: batchMeterUsageWindow,
  readings: readingRulesOf({ meaningOf }),
})

const names = fc.constantFrom(
  { accountId: '1111', licenseArn: 'l-1' },
  { accountId: '1111', licenseArn: 'l-2' },
  { accountId: '2222', licenseArn: 'l-3', identifier: 'two' },
  { accountId: '2222', licenseArn: 'l-3' },
)
const key = fc.constantFrom('acme', 'beta', 'aws:licence:l-1', 'aws:licence:l-3')
const hoursAgo = fc.constantFrom(0, 1, 2, 30)
const quantity = fc.bigInt({ min: 1n, max: 5n * unit })

function commandsOf(form: 'license-arn' | 'account') {
  const rules = {
    form,
    region: 'us-east-1',
    lateUsage: 'hold' as const,
    windowEnd: (start: number) => batchMeterUsageWindow.end(start + hourMs - 1000),
  }
  const register = fc.tuple(key, names, fc.boolean()).map(
    ([customer, given, reactivates]): Command =>
      (page) =>
        registerCustomer(page, { customer, names: given, reactivates }, now, rules),
  )
  const adopt = names.map(
    (given): Command =>
      (page) =>
        adoptCustomer(page, { names: given, reactivates: false }, now, rules),
  )
  const end = key.map(
    (customer): Command =>
      (page) =>
        endCustomer(page, customer, now),
  )
  const remove = key.map(
    (customer): Command =>
      (page) =>
        deleteCustomer(page, customer, now),
  )
  const event = fc
    .record({
      id: fc.constantFrom('e-1', 'e-2'),
      names,
      change: fc.constantFrom('ended', 'active'),
      at: fc.constantFrom(undefined, now - 1000, now + 1000),
    })
    .map(
      (given): Command =>
        (page) =>
          applyEvent(page, given, form, now),
    )
  const report = fc.tuple(key, hoursAgo, quantity).map(([customer, ago, amount]): Command => {
    const occurredAt = hour - ago * hourMs + 60_000
    const more = { tags: '', idempotencyKey: undefined }
    const one = { dimension: 'requests', customer, quantity: amount, occurredAt, ...more }
    const request = { reports: [one], idempotencyKey: undefined }
    return (page) => reportUsage(page, request, rulesOn(page), now)
  })
  const record = fc.tuple(names, hoursAgo, quantity).map(
    ([given, ago, amount]): Command =>
      (page) =>
        reportRecords(
          page,
          [
            {
              names: given,
              dimension: 'requests',
              occurredAt: hour - ago * hourMs + 60_000,
              parts: [{ quantity: amount, tags: '' }],
            },
          ],
          { ...rulesOn(page), naming: rules },
          now,
        ),
  )
  const seal = fc.constant<Command>((page) =>
    sealPart(
      page,
      {
        before: hour,
        now,
        plan: (input) =>
          planSeal(input, {
            zeroRecords: false,
            formOf: () => 'whole',
            clientTokenOf,
            onFolded: () => {},
          }),
        zeroHours: [],
      },
      () => undefined,
      (dimension) => accounts.ofBuyer(dimension),
    ),
  )
  return fc.oneof(
    { weight: 5, arbitrary: report },
    { weight: 4, arbitrary: register },
    { weight: 2, arbitrary: record },
    { weight: 1, arbitrary: adopt },
    { weight: 1, arbitrary: end },
    { weight: 1, arbitrary: event },
    { weight: 1, arbitrary: remove },
    { weight: 2, arbitrary: seal },
  )
}

/** A book whose customers were billed by licence, with usage that waits since yesterday. */
function bookBefore(): ModelBook {
  const book = new ModelBook()
  const page = openPage(book, owner)
  page.takeOwnership(0)
  const before = now - 29 * hourMs
  const rules = {
    form: 'license-arn' as const,
    region: 'us-east-1',
    lateUsage: 'hold' as const,
    windowEnd: () => now,
  }
  const given = { accountId: '3333', licenseArn: 'l-9' }
  registerCustomer(page, { customer: 'acme', names: given, reactivates: true }, before, rules)
  const reports = ['acme', 'beta'].map((customer) => ({
    dimension: 'requests',
    customer,
    quantity: 3n * unit,
    occurredAt: before,
    tags: '',
    idempotencyKey: undefined,
  }))
  reportUsage(page, { reports, idempotencyKey: undefined }, rulesOn(page), before)
  book.apply(page.changes())
  return book
}

test.each(['license-arn', 'account'] as const)(
  'commands about customers by %s in one group give the same book as one after the other',
  (form) => {
    fc.assert(
      fc.property(fc.array(commandsOf(form), { maxLength: 10 }), (commands) => {
        expectSameInOneGroup(bookBefore, commands, { resource: owner, maxTagSets: 2 })
      }),
      { seed: 20_261_126, numRuns: 300 },
    )
  },
)
