import { describe, expect, test } from 'vitest'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import {
  reopenAllReplaced,
  reopenRefused,
  type TodaysNames,
} from '../../../src/ledger/decisions/reopen-record.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { changeBook, readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { refusal } from '../../support/refusal.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { ModelReader } from '../../support/store/model-reader.ts'
import { accountFor, partOf, recordOf } from '../../conformance/store/changes-for-tests.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const tags = canonicalTags([{ key: 'team', value: 'a' }])
const wrongCode: Settlement = {
  kind: 'refused',
  code: 'InvalidProductCodeException',
  message: 'The product code is invalid.',
}
const lost: Settlement = { kind: 'unknown', code: 'TimeoutError', message: 'no answer' }
const today: TodaysNames = { productCode: 'corrected', dimensionOf: (dimension) => dimension }

/** A record of 5 units with divisor 1000 after these answers, 2 of them tagged, and a fraction of 300. */
async function recordAfter(...answers: readonly Settlement[]) {
  const meaningOf = () => ({ productCode: 'wrong', divisor: 1000n })
  const bench = await openBench({ meaningOf })
  await bench.report('storage', 3300n * unit)
  await bench.report('storage', 2000n * unit, { tags })
  await bench.clock.advance(hourMs)
  const [record] = await sealHours(bench.ledger, bench.clock)
  const id = record?.id ?? 0
  for (const answer of answers) {
    await markSending(bench.ledger, id)
    await settle(bench.ledger, id, answer)
  }
  return { bench, id }
}

const reopen = ({ directory, clock }: LedgerBench, id: number, names = today) =>
  operate(
    (decide) => changeBook(directory, decide),
    2500,
    (page) => reopenRefused(page, id, clock.now(), names),
  )

describe('reopen', () => {
  test("seals the record again with today's product code, its divisor, its tags and its hour", async () => {
    const { bench, id } = await recordAfter(wrongCode)
    expect(await reopen(bench, id)).toMatchObject({
      state: 'moved',
      lastCode: 'Reopened',
      lastMessage: expect.stringContaining('InvalidProductCodeException'),
      movedTo: nine,
    })
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      {
        productCode: 'corrected',
        dimension: 'storage',
        hour: nine,
        quantity: 5_000_000n,
        divisor: 1000n,
        allocations: [
          { tags: untagged, quantity: 3_000_000n },
          { tags, quantity: 2_000_000n },
        ],
      },
    ])
  })

  test('counts the transfer on both sides, and leaves the fraction where it was', async () => {
    const { bench, id } = await recordAfter(wrongCode)
    await reopen(bench, id)
    expect(await bench.ledger.audit()).toMatchObject([
      { productCode: 'wrong', reported: 300n * unit, fraction: 300n * unit, imbalance: 0n },
      { productCode: 'corrected', reported: 5000n * unit, open: 5000n * unit, imbalance: 0n },
    ])
  })

  test('gives it the dimension that replaces its own', async () => {
    const { bench, id } = await recordAfter(wrongCode)
    await reopen(bench, id, { productCode: 'wrong', dimensionOf: () => 'disk' })
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      { productCode: 'wrong', dimension: 'disk', hour: nine, quantity: 5_000_000n },
    ])
  })

  test('passes over its own hour where nothing of the slot has changed', async () => {
    const { bench, id } = await recordAfter(wrongCode)
    const same = { productCode: 'wrong', dimensionOf: () => 'storage' }
    expect(await reopen(bench, id, same)).toMatchObject({ movedTo: nine + hourMs })
  })

  test('uses the current hour when AWS soon accepts its own no longer', async () => {
    const { bench, id } = await recordAfter(wrongCode)
    await bench.clock.advance(5.5 * hourMs)
    expect(await reopen(bench, id)).toMatchObject({ movedTo: nine + 6 * hourMs })
  })

  test('refuses a record that AWS may have, and one whose dimension is gone', async () => {
    const ambiguous = await recordAfter(lost, wrongCode)
    await expect(reopen(ambiguous.bench, ambiguous.id)).rejects.toMatchObject(
      refusal('RecordStateMismatch'),
    )
    const { bench, id } = await recordAfter(wrongCode)
    const gone = { productCode: 'corrected', dimensionOf: () => undefined }
    await expect(reopen(bench, id, gone)).rejects.toMatchObject(refusal('UnknownDimension'))
    expect(await bench.ledger.pendingRecords()).toMatchObject([{ id, state: 'refused' }])
  })

  test('refuses a record that is not refused', async () => {
    const { bench, id } = await recordAfter()
    await expect(reopen(bench, id)).rejects.toThrow(
      'is sealed, and only refused records can be reopened',
    )
  })
})

describe('at the start, where the product file says what replaces what', () => {
  const wrongDimension: Settlement = {
    kind: 'refused',
    code: 'InvalidUsageDimensionException',
    message: 'The dimension is invalid.',
  }
  const replacements = {
    productCode: 'corrected',
    dimensionOf: (dimension: string) => (dimension === 'storage' ? 'disk' : undefined),
    replacesCode: (code: string) => code === 'wrong',
  }
  const restart = async (
    { bench, id }: { bench: LedgerBench; id: number },
    more: Partial<Parameters<typeof openBench>[0]> = {},
  ) => {
    await bench.ledger.close()
    const { directory, clock } = bench
    const { log, lines } = createRecordedLog()
    const again = await openBench({ directory, clock, log, replacements, ...more })
    return { again, lines, record: await readBook(directory, (book) => book.record(id)) }
  }

  test.each([
    ['InvalidProductCodeException', wrongCode],
    ['InvalidUsageDimensionException', wrongDimension],
  ] as const)(
    'a record that was refused with %s is reopened, with a warning',
    async (code, answer) => {
      const { again, lines, record } = await restart(await recordAfter(answer))
      expect(record).toMatchObject({ state: 'moved', lastCode: 'Reopened' })
      expect(lines).toContainEqual(
        expect.objectContaining({
          event: 'record.reopened',
          fields: expect.objectContaining({ code }),
        }),
      )
      expect(await sealHours(again.ledger, again.clock)).toMatchObject([
        {
          productCode: 'corrected',
          dimension: 'disk',
          hour: nine,
          quantity: 5_000_000n,
          divisor: 1000n,
        },
      ])
      expect((await again.ledger.audit()).every(({ imbalance }) => imbalance === 0n)).toBe(true)
    },
  )

  test('another task or pod that adopts it reopens it too', async () => {
    const { again } = await restart(await recordAfter(wrongCode), { resource: 'pod:new' })
    expect(await sealHours(again.ledger, again.clock, {}, true)).toMatchObject([
      { productCode: 'corrected', dimension: 'disk', quantity: 5_000_000n },
    ])
  })

  test.each([
    ['a lack of entitlement', [{ ...wrongCode, code: 'CustomerNotEntitledException' }]],
    ['a lack of permission', [{ ...wrongCode, code: 'AccessDeniedException' }]],
    ['an attempt that may have arrived', [lost, wrongCode]],
  ] as const)('a record stays refused after %s', async (_, answers) => {
    const { record } = await restart(await recordAfter(...answers))
    expect(record).toMatchObject({ state: 'refused' })
  })

  test('a record stays refused when the file does not replace its product code', async () => {
    const other = { replacements: { ...replacements, replacesCode: () => false } }
    const { record } = await restart(await recordAfter(wrongCode), other)
    expect(record).toMatchObject({ state: 'refused' })
  })
})

test('many refused records are reopened in parts, each once, and no other is touched', async () => {
  const book = new ModelBook()
  const account = accountFor('requests')
  const sealing = openPage(book, 'pod:1')
  sealing.takeOwnership(0)
  const count = 450
  sealing.count(account, BigInt(count) * unit)
  for (let index = 0; index < count; index += 1)
    sealing.insert(sealing.slotOf(account), recordOf(index * hourMs, partOf(account, 1)).content, 0)
  book.apply(sealing.changes())
  const refusing = openPage(book, 'pod:1')
  for (const record of refusing.waiting.unsent()) {
    const lastCode = record.id % 3 === 0 ? 'AccessDenied' : 'InvalidUsageDimensionException'
    refusing.update(record, { state: 'refused', lastCode })
  }
  book.apply(refusing.changes())
  const transactions: number[] = []
  const run = async <T>(rule: (page: Page) => T): Promise<T> => {
    const page = openPage(book, 'pod:1')
    const result = rule(page)
    const changes = page.changes()
    transactions.push(changes.records.size)
    book.apply(changes)
    return result
  }
  const renamed = {
    productCode: 'product',
    dimensionOf: (name: string) => (name === 'requests' ? 'calls' : name),
    replacesCode: () => false,
  }
  const reopened = await Array.fromAsync(
    reopenAllReplaced(run, new ModelReader(() => book), 500 * hourMs, renamed),
  )
  expect(reopened.flat().map(({ id }) => id)).toEqual(
    Array.from({ length: count }, (_, index) => index + 1).filter((id) => id % 3 !== 0),
  )
  expect(transactions.length).toBeGreaterThan(2)
  expect(Math.max(...transactions)).toBeLessThanOrEqual(200)
  expect(openPage(book, 'pod:1').waiting.unsent()).toHaveLength(count / 3)
})
