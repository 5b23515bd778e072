import { describe, expect, test } from 'vitest'
import {
  answeredBefore,
  claimOfRecord,
  recordClaimToStore,
  type RecordClaim,
} from '../../../src/ledger/reporting/record-claim.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

type Bench = Awaited<ReturnType<typeof openBench>>

const record = { key: 'MeterUsage record-1', windowMs: 6 * hourMs }
const report = (quantity: bigint, team?: string) => ({
  ...reportOf('requests', quantity),
  ...(team !== undefined && { tags: canonicalTags([{ key: 'team', value: team }]) }),
})

async function send(bench: Bench, ...reports: readonly ReturnType<typeof report>[]) {
  const receipts = await bench.ledger.report({ reports, idempotencyKey: undefined, record })
  return receipts[0]?.result
}

const exists = expect.objectContaining({ code: 'RecordExists' })

describe('the claim of a record', () => {
  const claimOf = (...reports: readonly ReturnType<typeof report>[]) =>
    claimOfRecord({ reports, idempotencyKey: undefined, record })
  const hex = (claim: RecordClaim | undefined) => claim?.digest.toString('hex')

  test('is absent where reports add up to their hour', () => {
    const reports = [report(unit)]
    expect(claimOfRecord({ reports, idempotencyKey: undefined })).toBeUndefined()
  })

  test('has its key, the keys that it had before, and how old its hour may be', () => {
    const { digest, ...claim } = claimOf(report(unit)) as RecordClaim
    expect(claim).toEqual({
      token: 'record:MeterUsage record-1',
      earlier: [],
      windowMs: 6 * hourMs,
    })
    expect(digest).toHaveLength(16)
    const renamed = { ...record, earlierKeys: ['old', 'older'] }
    const named = claimOfRecord({
      reports: [report(unit)],
      idempotencyKey: undefined,
      record: renamed,
    })
    expect(named?.earlier).toEqual(['record:old', 'record:older'])
    expect(hex(named)).toBe(digest.toString('hex'))
  })

  test('has the digest that earlier versions stored for the same content', () => {
    expect(hex(claimOf(report(unit, 'a'), report(2n * unit)))).toBe(
      '93e51243cf006c174239091c1209f2a1',
    )
  })

  test('has another digest for other amounts or tags, and not for another order', () => {
    const one = [report(unit, 'a'), report(2n * unit)]
    const contents = [
      one,
      [report(unit, 'b'), report(2n * unit)],
      [report(3n * unit)],
      [report(unit)],
    ]
    const digests = contents.map((reports) => hex(claimOf(...reports)))
    expect(new Set(digests).size).toBe(contents.length)
    expect(hex(claimOf(...one.toReversed()))).toBe(digests[0])
  })

  test('is stored with its receipts, and kept longer by its window', () => {
    const claim = claimOf(report(unit)) as RecordClaim
    const receipts = [{ result: 'accepted', hour: 0, late: false }] as const
    expect(recordClaimToStore(claim, receipts, 5)).toEqual({
      token: claim.token,
      digest: claim.digest,
      receipts,
      createdAt: 5,
      keptLongerMs: 6 * hourMs,
    })
  })

  test('finds what was answered under any of its keys', () => {
    const page = openPage(new ModelBook(), 'pod:one')
    const claim = claimOf(report(unit)) as RecordClaim
    const receipts = [{ result: 'accepted', hour: 0, late: false }] as const
    expect(answeredBefore(page, undefined)).toBeUndefined()
    expect(answeredBefore(page, claim)).toBeUndefined()
    page.storeClaim(recordClaimToStore(claim, receipts, 5))
    expect(answeredBefore(page, claim)).toBe(receipts)
    const renamed = { ...claim, token: 'record:new', earlier: ['record:other', claim.token] }
    expect(answeredBefore(page, renamed)).toBe(receipts)
    expect(() => answeredBefore(page, claimOf(report(2n * unit)))).toThrow(
      expect.objectContaining({
        code: 'RecordExists',
        message:
          'Another quantity, or other allocations, were sent before for this dimension and hour, and AWS keeps the first. Send the usage of an hour once, when it is complete, or let calls add up with SIDECAR_METER_USAGE_CALLS.',
      }),
    )
  })
})

describe('reports that are one record by AWS’s rule', () => {
  test('count once for the same quantity and allocations, in any order', async () => {
    const bench = await openBench()
    expect(await send(bench, report(unit, 'a'), report(2n * unit))).toBe('accepted')
    expect(await send(bench, report(2n * unit), report(unit, 'a'))).toBe('duplicate')
    await expect(send(bench, report(3n * unit))).rejects.toEqual(exists)
    expect((await bench.ledger.usage()).open).toMatchObject([{ quantity: 3n * unit }])
  })

  test('count once when they arrive at the same moment', async () => {
    const bench = await openBench()
    const results = await Promise.all(Array.from({ length: 20 }, () => send(bench, report(unit))))
    expect(results.filter((result) => result === 'accepted')).toHaveLength(1)
  })

  test('stand until 25 hours after the window of their record', async () => {
    const bench = await openBench()
    await send(bench, report(unit))
    await bench.clock.advance(30 * hourMs)
    await bench.ledger.prune()
    await expect(send(bench, report(2n * unit))).rejects.toEqual(exists)
    await bench.clock.advance(2 * hourMs)
    await bench.ledger.prune()
    expect(await send(bench, report(2n * unit))).toBe('accepted')
  })
})
