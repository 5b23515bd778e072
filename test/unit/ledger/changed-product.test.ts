import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const gib = 2n ** 30n

type Meaning = { readonly productCode: string; readonly divisor: bigint } | undefined
const before: Meaning = { productCode: 'code-1', divisor: gib }

/** What the product file of the next image says of the dimension `storage`. */
const changes: readonly [string, Meaning][] = [
  ['no longer has the dimension', undefined],
  ['has another divisor', { productCode: 'code-1', divisor: 1n }],
  ['has another product code', { productCode: 'code-2', divisor: gib }],
]

/** A ledger that starts again with another image, after 5 GiB and a half were reported as bytes. */
async function changed(meaning: Meaning, resource?: string) {
  const first = await openBench({ meaningOf: () => before })
  await first.report('storage', 5n * gib * unit)
  await first.report('storage', (gib / 2n) * unit)
  await first.ledger.close()
  const { directory, clock } = first
  const { log, lines } = createRecordedLog()
  const bench = await openBench({
    directory,
    clock,
    log,
    meaningOf: () => meaning,
    ...(resource !== undefined && { resource }),
  })
  return { bench, lines }
}

const fractionsOf = async ({ directory, clock }: LedgerBench) =>
  (await readBook(directory, (book) => book.overview(clock.now()))).fractions

describe.each(changes)('usage of an image whose successor %s', (_, meaning) => {
  test('is sealed with the divisor and the product code that it was reported with', async () => {
    const { bench } = await changed(meaning)
    await bench.clock.advance(hourMs)
    const records = await sealHours(bench.ledger, bench.clock)
    expect(records).toMatchObject([
      {
        productCode: 'code-1',
        dimension: 'storage',
        hour: nine,
        quantity: 5_000_000n,
        divisor: gib,
      },
    ])
  })

  test('keeps its meaning when its record is moved to a later hour', async () => {
    const { bench } = await changed(meaning)
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    await markSending(bench.ledger, record?.id ?? 0)
    const taken = { kind: 'hour-taken', code: 'Duplicate', message: 'taken' } as const
    await settle(bench.ledger, record?.id ?? 0, taken)
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      { productCode: 'code-1', hour: nine + hourMs, quantity: 5_000_000n, divisor: gib },
    ])
  })

  test('keeps its meaning when another task or pod adopts it', async () => {
    const { bench } = await changed(meaning, 'pod:other')
    await bench.clock.advance(hourMs)
    expect(await sealHours(bench.ledger, bench.clock)).toMatchObject([
      { productCode: 'code-1', quantity: 5_000_000n, divisor: gib, resource: 'pod:other' },
    ])
  })

  test('leaves a fraction that stays one, marked as retired', async () => {
    const { bench } = await changed(meaning)
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    if (meaning !== undefined) await bench.report('storage', 3n * gib * unit)
    await bench.clock.advance(hourMs)
    await sealHours(bench.ledger, bench.clock)
    expect(await fractionsOf(bench)).toEqual([
      {
        dimension: 'storage',
        productCode: 'code-1',
        divisor: gib,
        quantity: (gib / 2n) * unit,
        retired: true,
      },
    ])
    expect((await bench.ledger.audit()).every(({ imbalance }) => imbalance === 0n)).toBe(true)
  })

  test('is announced in the log at the start', async () => {
    const { lines } = await changed(meaning)
    expect(lines).toMatchObject([
      {
        event: 'ledger.retired',
        fields: { dimension: 'storage', productCode: 'code-1', divisor: '1073741824' },
      },
    ])
    expect(lines[0]?.message).toContain(`${5n * gib + gib / 2n} units`)
  })
})

test.each(['last', 'unique'] as const)(
  'readings of a retired dimension of %s are announced at the start',
  async (aggregate) => {
    const meaningOf = () => ({ productCode: 'code-1', divisor: 1n, aggregate })
    const readings = { maxReadings: 3, newSecret: () => 'secret' }
    const first = await openBench({ meaningOf, readings })
    await first.report('hosts', unit, aggregate === 'unique' ? { member: 'a' } : {})
    await first.clock.advance(hourMs)
    await first.report('hosts', unit, aggregate === 'unique' ? { member: 'a' } : {})
    await first.ledger.close()
    const { directory, clock } = first
    const { log, lines } = createRecordedLog()
    const today = () => (aggregate === 'last' ? undefined : { ...meaningOf(), divisor: 2n })
    await openBench({ directory, clock, log, meaningOf: today, readings })
    expect(lines).toMatchObject([{ event: 'ledger.retired', fields: { dimension: 'hosts' } }])
    expect(lines[0]?.message).toMatch(/ Readings of 2 hours are sealed and sent with them\.$/)
  },
)

test('a fraction of today is not retired, and nothing is announced', async () => {
  const { bench, lines } = await changed(before)
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  expect(await fractionsOf(bench)).toMatchObject([{ retired: false }])
  expect(lines).toEqual([])
})

test('a meaning that comes back is no longer retired, and its fraction goes on', async () => {
  const { bench } = await changed(undefined)
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  await bench.ledger.close()
  const { directory, clock } = bench
  const again = await openBench({ directory, clock, meaningOf: () => before })
  expect(await fractionsOf(again)).toMatchObject([{ retired: false }])
  await again.report('storage', (gib / 2n) * unit)
  await clock.advance(hourMs)
  expect(await sealHours(again.ledger, clock)).toMatchObject([{ quantity: 1_000_000n }])
})
