import { expect, inject, test } from 'vitest'
import { releaseHeld } from '../../src/ledger/decisions/release-held.ts'
import { aboutHeld } from '../../src/ledger/decisions/trail.ts'
import { writeOffUsage } from '../../src/ledger/decisions/write-off.ts'
import { toIso } from '../../src/kernel/clock.ts'
import { hourMs, hourOf } from '../../src/metering/hour.ts'
import { runLedger } from '../support/ledger/ledger-command-io.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const product = {
  SIDECAR_ROUTE: 'metered',
  SIDECAR_PRODUCT_CODE: 'new-product',
  SIDECAR_DIMENSIONS: 'refused,unresolved,guarded',
}

/**
 * Two live sidecars on a database. The first one has a refused record, the second an unresolved one, and
 * both hold usage above the limit.
 */
async function twoSidecars() {
  const url = await newDatabase(server)
  const clock = new ManualClock()
  const open = (name: string) =>
    openSharedLedger(url, `task/${name}`, clock, {
      meaningOf: () => ({ productCode: 'product', divisor: 1n }),
      maxPerHour: (dimension) => (dimension === 'guarded' ? 10n * unit : undefined),
    })
  const [a, b] = [await open('a'), await open('b')]
  await a.report('refused', 5n * unit)
  await b.report('unresolved', 7n * unit)
  for (const { report } of [a, b]) await report('guarded', 11n * unit)
  await clock.advance(hourMs)
  const [refused] = await a.seal()
  const [unresolved] = await b.seal()
  const ids = { refused: refused?.id ?? 0, unresolved: unresolved?.id ?? 0 }
  const told = { code: 'InvalidProductCodeException', message: 'told so' }
  await markSending(a.ledger, ids.refused)
  await settle(a.ledger, ids.refused, { kind: 'refused', ...told })
  await markSending(b.ledger, ids.unresolved)
  await settle(b.ledger, ids.unresolved, { kind: 'another-stands', ...told })
  const env = { ...product, SIDECAR_DATABASE_URL: url }
  const exported = async () =>
    (
      await runLedger(undefined, clock, ['export', '--format', 'jsonl', '--decisions'], env)
    ).out.map((line) => (JSON.parse(line) as { at: string }).at)
  const run = async (...args: readonly string[]) => {
    const consent = args[0] === 'retry' ? [] : ['--yes']
    const { code } = await runLedger(undefined, clock, [...args, ...consent], env)
    expect(code).toBe(0)
  }
  const hour = hourOf(clock.now())
  return { a, b, clock, ids, run, exported, hour }
}

test('retry lets the sidecar whose record it is send it again', async () => {
  const { a, b, ids, run } = await twoSidecars()
  await run('retry', `${ids.refused}`)
  expect(await a.ledger.pendingRecords()).toMatchObject([{ id: ids.refused, state: 'sealed' }])
  expect(await b.ledger.pendingRecords()).toEqual([])
  expect(await markSending(a.ledger, ids.refused)).toMatchObject({ quantity: 5n * unit })
})

test('reopen makes it usage under the names of today, which a living sidecar seals', async () => {
  const { a, b, ids, run, clock } = await twoSidecars()
  await run('reopen', `${ids.refused}`)
  expect(await a.ledger.pendingRecords()).toEqual([])
  await clock.advance(hourMs)
  const sealed = [...(await a.seal()), ...(await b.seal())]
  expect(sealed).toMatchObject([{ productCode: 'new-product', quantity: 5n * unit }])
  expect(await imbalances(a.ledger)).toEqual([0n, 0n, 0n, 0n])
})

test('release bills what one sidecar holds, and leaves what the other one holds', async () => {
  const { a, b, run, clock } = await twoSidecars()
  const [held] = (await b.ledger.usage()).held
  await run('release', `${held?.id ?? 0}`)
  expect((await b.ledger.usage()).held).toEqual([])
  expect((await a.ledger.usage()).held).toHaveLength(1)
  await clock.advance(hourMs)
  const sealed = [...(await a.seal()), ...(await b.seal())]
  expect(sealed).toMatchObject([{ dimension: 'guarded', quantity: 11n * unit }])
})

test('resolve settles a record, or bills its usage once more, by one sidecar', async () => {
  const { b, ids, run } = await twoSidecars()
  await run('resolve', `${ids.unresolved}`, '--delivered')
  expect((await b.ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
  const again = await twoSidecars()
  const resend = ['resolve', `${again.ids.unresolved}`, '--resend']
  await expect(again.run(...resend)).rejects.toMatchObject({ code: 'RecordWindowOpen' })
  await again.run(...resend, '--force')
  await again.clock.advance(hourMs)
  const sealed = [...(await again.a.seal()), ...(await again.b.seal())]
  expect(sealed).toMatchObject([{ dimension: 'unresolved', quantity: 7n * unit }])
})

test('void writes off what waits, whichever sidecar has it', async () => {
  const { a, b, ids, run } = await twoSidecars()
  await run('void', `${ids.refused}`, '--reason', 'a test')
  await run('void', '--dimension', 'guarded', '--quantity', '22', '--reason', 'a test')
  for (const { ledger } of [a, b]) {
    expect(await ledger.pendingRecords()).toEqual([])
    expect((await ledger.usage()).held).toEqual([])
  }
  const sums = await a.ledger.audit()
  expect(sums.reduce((sum, each) => sum + each.void, 0n)).toBe(27n * unit)
  expect(await imbalances(a.ledger)).toEqual([0n, 0n, 0n])
})

test('a living sidecar decides about what one that is gone holds, as it shows it', async () => {
  const { a, b, clock } = await twoSidecars()
  await b.ledger.close()
  const { held } = await a.ledger.usage()
  expect(held).toHaveLength(2)
  const id = held.at(-1)?.id ?? 0
  const now = clock.now()
  const meaningOf = () => undefined
  const released = await a.ledger.decide({
    action: 'release',
    decide: (page) => releaseHeld(page, id, now, meaningOf),
    about: (decided) => aboutHeld(id, decided),
  })
  expect(released).toMatchObject({ quantity: 11n * unit, releasedTo: hourOf(now) })
  const rest = { dimension: 'guarded', quantity: 22n * unit, tags: undefined, customer: '' }
  await a.ledger.decide({
    action: 'void',
    decide: (page) => writeOffUsage(page, { ...rest, reason: 'a test' }, now),
    about: () => ({ id: null, hour: null, reason: null, dimension: 'guarded', quantity: '22' }),
  })
  expect((await a.ledger.usage()).held).toEqual([])
  expect(await imbalances(a.ledger)).toEqual([0n, 0n, 0n])
})

test('what was decided by a sidecar that is gone is exported with what others decided', async () => {
  const { a, b, clock, exported } = await twoSidecars()
  const instants: string[] = []
  for (const { ledger } of [b, a]) {
    await clock.advance(1000)
    instants.push(toIso(clock.now()))
    const about = () => ({ id: 1, dimension: 'd', hour: null, quantity: '1', reason: null })
    await ledger.decide({ action: 'retry', decide: () => undefined, about })
  }
  await b.ledger.close()
  expect(await exported()).toEqual(instants)
})
