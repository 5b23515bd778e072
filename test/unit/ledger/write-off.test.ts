import { assert, asyncProperty, bigInt, boolean } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import { writeOffRecord, writeOffUsage } from '../../../src/ledger/decisions/write-off.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import { changeBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const tags = canonicalTags([{ key: 'team', value: 'a' }])
const told = { code: 'SomeException', message: 'told' }

const act = <T>({ directory }: LedgerBench, action: (page: Page) => T) =>
  operate((decide) => changeBook(directory, decide), 2500, action)

/** 11 requests of 09:00 are held, 5 of them tagged; 4 of 10:00 are open, 1 of them tagged. */
async function heldAndOpen() {
  const bench = await openBench({ maxPerHour: () => 10n * unit })
  await bench.report('requests', 6n * unit)
  await bench.report('requests', 5n * unit, { tags })
  await bench.clock.advance(hourMs)
  await sealHours(bench.ledger, bench.clock)
  await bench.report('requests', 3n * unit)
  await bench.report('requests', unit, { tags })
  return bench
}

describe('writing off usage', () => {
  test('takes exactly the quantity, whatever it is, from held usage and then from open usage', async () => {
    await assert(
      asyncProperty(bigInt(1n, 15n * unit), boolean(), async (quantity, tagged) => {
        const bench = await heldAndOpen()
        const available = tagged ? 6n * unit : 15n * unit
        const held = tagged ? 5n * unit : 11n * unit
        const wanted = {
          dimension: 'requests',
          quantity,
          tags: tagged ? tags : undefined,
          customer: '',
          reason: 'x',
        }
        const done = act(bench, (page) => writeOffUsage(page, wanted, nine))
        const outcome = await done.then(
          () => 'written off',
          (error: unknown) => (error instanceof SidecarError ? error.code : error),
        )
        expect(outcome).toBe(quantity > available ? 'UsageNotFound' : 'written off')
        const off = quantity > available ? 0n : quantity
        const fromHeld = off < held ? off : held
        const [sums] = await bench.ledger.audit()
        expect(sums).toMatchObject({
          void: off,
          held: 11n * unit - fromHeld,
          open: 4n * unit - (off - fromHeld),
          imbalance: 0n,
        })
        await bench.ledger.close()
      }),
      { numRuns: 20 },
    )
  })

  test('leaves the rest held since it was held first', async () => {
    const bench = await heldAndOpen()
    const [before] = (await bench.ledger.usage()).held
    const wanted = {
      dimension: 'requests',
      quantity: unit,
      tags: undefined,
      customer: '',
      reason: 'x',
    }
    await act(bench, (page) => writeOffUsage(page, wanted, nine + 9 * hourMs))
    expect((await bench.ledger.usage()).held).toMatchObject([
      { hour: nine, quantity: 10n * unit, reason: 'guard', since: before?.since },
    ])
  })

  test('of another customer finds nothing', async () => {
    const bench = await heldAndOpen()
    const wanted = {
      dimension: 'requests',
      quantity: unit,
      tags: undefined,
      customer: 'other',
      reason: 'x',
    }
    await expect(act(bench, (page) => writeOffUsage(page, wanted, nine))).rejects.toThrow(
      'Only 0 requests of this customer are held or open',
    )
  })

  test('of another dimension finds nothing', async () => {
    const bench = await heldAndOpen()
    const wanted = {
      dimension: 'storage',
      quantity: unit,
      tags: undefined,
      customer: '',
      reason: 'x',
    }
    await expect(act(bench, (page) => writeOffUsage(page, wanted, nine))).rejects.toThrow(
      'Only 0 storage are held or open',
    )
  })
})

describe('writing off a record', () => {
  const lost: Settlement = { kind: 'unknown', ...told }
  const refused: Settlement = { kind: 'refused', ...told }

  async function recordAfter(...answers: readonly Settlement[]) {
    const bench = await openBench()
    await bench.report('requests', 5n * unit, { tags })
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    const id = record?.id ?? 0
    for (const answer of answers) {
      await markSending(bench.ledger, id)
      await settle(bench.ledger, id, answer)
    }
    return { bench, id }
  }

  test('takes its units out of what is recorded, once', async () => {
    const { bench, id } = await recordAfter(refused)
    const writeOff = () => act(bench, (page) => writeOffRecord(page, id, 'a test', nine))
    expect(await writeOff()).toMatchObject({ state: 'moved', movedTo: undefined })
    await expect(writeOff()).rejects.toMatchObject(refusal('RecordStateMismatch'))
    expect(await bench.ledger.audit()).toMatchObject([
      { reported: 5n * unit, recorded: 0n, void: 5n * unit, imbalance: 0n },
    ])
    expect(await bench.ledger.pendingRecords()).toEqual([])
  })

  test.each([
    ['that waits', []],
    ['that AWS may have', [lost, refused]],
    ['that AWS has', [{ kind: 'accepted', meteringRecordId: 'm-1' }]],
  ] as const)('%s is refused', async (_, answers) => {
    const { bench, id } = await recordAfter(...answers)
    await expect(
      act(bench, (page) => writeOffRecord(page, id, 'a test', nine)),
    ).rejects.toMatchObject(refusal('RecordStateMismatch'))
    expect(await bench.ledger.audit()).toMatchObject([{ void: 0n, recorded: 5n * unit }])
  })
})
