import { describe, expect, test } from 'vitest'
import {
  asDuplicate,
  claimOfReport,
  claimOfRequest,
  earlierReceipts,
  findClaim,
  type RequestClaim,
} from '../../../src/ledger/reporting/request-claims.ts'
import type { ReportReceipt, UsageReport } from '../../../src/metering/report.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const receipt: ReportReceipt = { result: 'accepted', hour: nine, late: false }
const keyed = (more: Partial<UsageReport> = {}) =>
  reportOf('requests', unit, { idempotencyKey: 'k', ...more })
const requestOf = (idempotencyKey: string | undefined, ...reports: readonly UsageReport[]) =>
  claimOfRequest({ reports, idempotencyKey })
const hex = (claim: RequestClaim | undefined) => claim?.digest.toString('hex')
const digestOf = (more: Partial<UsageReport> = {}) => hex(claimOfReport(keyed(more)))
const reusedKey = (key: string) =>
  expect.objectContaining({
    code: 'IdempotencyKeyReused',
    message: `The idempotency key ${key} was used before for other content, so nothing of this request was recorded. Use a fresh key for each new report, and the same key only to repeat it unchanged.`,
  }) as unknown

function stored(...claims: readonly (RequestClaim | undefined)[]) {
  const page = openPage(new ModelBook(), 'pod:one')
  for (const claim of claims)
    if (claim !== undefined) page.storeClaim({ ...claim, receipts: [receipt], createdAt: nine })
  return page
}

describe('the claim of an idempotency key', () => {
  test('is absent where there is no key', () => {
    expect(claimOfReport(reportOf('requests', unit))).toBeUndefined()
    expect(requestOf(undefined, keyed())).toBeUndefined()
  })

  test('tells the key of a report from that of a request', () => {
    expect(claimOfReport(keyed())?.token).toBe('report:k')
    expect(requestOf('k', keyed())?.token).toBe('request:k')
  })

  test('has the digest that earlier versions stored for the same content', () => {
    const full = {
      tags: canonicalTags([{ key: 'team', value: 'a' }]),
      occurredAt: nine,
      member: 'ada',
      customer: 'acme',
    }
    expect([
      digestOf(),
      digestOf(full),
      hex(requestOf('k', keyed(full), reportOf('requests', unit))),
    ]).toEqual([
      '2e96cd5eed87c82b0140943ebbaa2637',
      '740cb26700eaa406d02563c7ba6be07f',
      'af3e40eb46b1c4899b3863d5d2d2e904',
    ])
  })

  test('has another digest for each other content', () => {
    const contents: readonly Partial<UsageReport>[] = [
      {},
      { dimension: 'storage' },
      { quantity: 2n * unit },
      { occurredAt: nine },
      { occurredAt: nine + 1 },
      { tags: canonicalTags([{ key: 'team', value: 'a' }]) },
      { idempotencyKey: 'l' },
      { member: 'ada' },
      { member: 'bob' },
      { customer: 'acme' },
      { customer: 'ada' },
      { member: 'ada', customer: 'acme' },
      { member: 'ada', customer: 'other' },
    ]
    expect(new Set(contents.map(digestOf)).size).toBe(contents.length)
  })

  test('counts when usage was counted as its time, whenever it arrives', () => {
    const counted = digestOf({ countedAt: nine, occurredAt: nine + 1 })
    expect(digestOf({ countedAt: nine })).toBe(counted)
    expect(digestOf({ occurredAt: nine })).toBe(counted)
    expect(digestOf({ occurredAt: nine + 1 })).not.toBe(counted)
  })

  test('covers all reports of a request, in their order and with their keys', () => {
    const [one, two] = [reportOf('requests', unit), reportOf('requests', 2n * unit)]
    const requests = [[one], [two], [one, two], [two, one], [one, one], [keyed()], []]
    const digests = requests.map((reports) => hex(requestOf('k', ...reports)))
    expect(new Set(digests).size).toBe(requests.length)
  })
})

describe('a claim is found', () => {
  const claim = claimOfReport(keyed()) as RequestClaim

  test('with what was answered to the same content', () => {
    expect(findClaim(stored(claim), claim)?.receipts).toEqual([receipt])
    expect(findClaim(stored(), claim)).toBeUndefined()
  })

  test('and refused where its key was used for other content, by the key as it was sent', () => {
    const other = claimOfReport(keyed({ quantity: 2n * unit })) as RequestClaim
    expect(() => findClaim(stored(other), claim)).toThrow(reusedKey('"k"'))
    const [first, second] = [1n, 2n].map(
      (units) => requestOf('a:b "c"', keyed({ quantity: units * unit })) as RequestClaim,
    )
    expect(() => findClaim(stored(first), second as RequestClaim)).toThrow(
      reusedKey('"a:b \\"c\\""'),
    )
  })
})

describe('the earlier receipts of a request', () => {
  const of = (key: string | undefined, more: Partial<UsageReport> = {}) =>
    claimOfReport({ ...keyed(more), idempotencyKey: key })

  test('are those of the claims that are known', () => {
    const claims = [of('k'), undefined, of('l'), of('k')]
    expect(earlierReceipts(stored(of('k')), claims)).toEqual(new Map([['report:k', receipt]]))
    expect(earlierReceipts(stored(), claims)).toEqual(new Map())
  })

  test('are not read where one key has two contents in the request', () => {
    const claims = [of('k'), of('l'), of('k', { quantity: 2n * unit })]
    expect(() => earlierReceipts(stored(), claims)).toThrow(reusedKey('"k"'))
  })

  test('are not read where a key was used before for other content', () => {
    const page = stored(of('l', { quantity: 2n * unit }))
    expect(() => earlierReceipts(page, [of('k'), of('l')])).toThrow(reusedKey('"l"'))
  })
})

test('the receipt of a repeat says that it is one, and keeps what was said before', () => {
  const late: ReportReceipt = { ...receipt, late: true, counted: false }
  expect(asDuplicate(late)).toEqual({ ...late, result: 'duplicate' })
})
