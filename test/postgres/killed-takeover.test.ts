import { expect, inject, onTestFinished, test } from 'vitest'
import type { LedgerOptions } from '../../src/ledger/ledger.ts'
import type { Database } from '../../src/store/postgres/connection/database.ts'
import { reportOf, unit } from '../support/ledger/ledger-bench.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { BreakableDatabase } from './support/breakable-database.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { urlOf } from './support/server.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const clock = new ManualClock()
const meaningOf = () => ({ productCode: 'product', divisor: 1n }) as const

/** More records than one transaction takes over, and more than two reopen. */
const dimensions = Array.from({ length: 510 }, (_, index) => `dimension-${index}`)

type Wrap = (database: Database) => Database

function openTask(
  url: string,
  name: string,
  options: Partial<LedgerOptions> & { readonly wrap?: Wrap } = {},
) {
  return openSharedLedger(url, `task/${name}`, clock, { meaningOf, ...options })
}

/** A copy of a book that no one uses, as if its tasks had given no sign of life for a while. */
async function copyOf(url: string): Promise<string> {
  const [book, name] = [new URL(url).pathname.slice(1), `copy_${crypto.randomUUID().slice(0, 8)}`]
  const owner = urlOf(server, 'postgres')
  await asOwner(owner, `CREATE DATABASE ${name} TEMPLATE ${book}`)
  onTestFinished(() => asOwner(owner, `DROP DATABASE ${name} WITH (FORCE)`).then(() => {}))
  return urlOf(server, name)
}

const endLeases = (url: string) =>
  asOwner(url, "UPDATE marketplace_sidecar.lease SET until = '-infinity'")

/** The task dies before its transaction of this number. */
function diesBefore(transaction: number) {
  return (database: Database): Database => {
    const breakable = new BreakableDatabase(database)
    const begin = breakable.transaction.bind(breakable)
    let begun = 0
    breakable.transaction = (work) => {
      if (begun === transaction) breakable.die()
      begun += 1
      return begin(work)
    }
    return breakable
  }
}

/** How often a task died on a copy of this book before the work was done, and what then was billed of each. */
async function killAtEachStep(
  url: string,
  work: (copy: string, wrap?: Wrap) => Promise<void>,
  billed: readonly (readonly [dimension: string, units: bigint])[],
): Promise<number> {
  for (let step = 0; ; step += 1) {
    const copy = await copyOf(url)
    const hasDied = await work(copy, diesBefore(step)).then(
      () => false,
      () => true,
    )
    await endLeases(copy)
    await work(copy)
    await endLeases(copy)
    const last = await openTask(copy, 'last')
    await last.ledger.takeOver()
    await last.seal(true)
    const rows = await asOwner(
      copy,
      `SELECT dimension, SUM(record.quantity) AS sum FROM marketplace_sidecar.record
       JOIN marketplace_sidecar.slot ON slot.id = slot_id WHERE state <> 'moved'
       GROUP BY dimension ORDER BY dimension`,
    )
    const sums = rows.map(({ dimension, sum }) => [dimension, BigInt(String(sum))])
    expect(sums, `killed before step ${step}`).toEqual(billed)
    expect((await imbalances(last.ledger)).filter((imbalance) => imbalance !== 0n)).toEqual([])
    await last.ledger.close()
    if (!hasDied) return step
  }
}

test('a kill between the parts of a takeover neither loses nor doubles what was left', async () => {
  const url = await newDatabase(server)
  // More than one transaction takes over.
  const names = Array.from({ length: 22 }, (_, index) => String(index))
  const tasks = await Promise.all(names.map((name) => openTask(url, name)))
  for (const { report } of tasks) await report('requests', unit)
  const [first] = tasks
  if (first === undefined) throw new TypeError('there is no task')
  const reports = dimensions.map((dimension) => reportOf(dimension, unit))
  await first.ledger.report({ reports, idempotencyKey: undefined })
  await first.seal(true)
  await first.report('requests', unit)
  for (const task of tasks) await task.ledger.close()
  const takeOver = async (copy: string, wrap?: Wrap) => {
    const { ledger } = await openTask(
      copy,
      wrap === undefined ? 'second' : 'first',
      wrap && { wrap },
    )
    await ledger.takeOver()
    await ledger.close()
  }
  const of = dimensions.map((dimension) => [dimension, unit] as const)
  const all = [...of, ['requests', 23n * unit] as const].toSorted(([a], [b]) => (a < b ? -1 : 1))
  expect(await killAtEachStep(url, takeOver, all)).toBeGreaterThan(1)
})

test('a kill while records are reopened under the names of today neither loses nor doubles them', async () => {
  const url = await newDatabase(server)
  const { ledger, seal } = await openTask(url, 'own')
  const reports = dimensions.map((dimension) => reportOf(dimension, unit))
  await ledger.report({ reports, idempotencyKey: undefined })
  await seal(true)
  await ledger.close()
  await asOwner(
    url,
    `UPDATE marketplace_sidecar.record SET state = 'refused', attempts = 1, last_code = 'InvalidUsageDimensionException'`,
  )
  const replacements = {
    productCode: 'product',
    dimensionOf: () => 'renamed',
    replacesCode: () => false,
  }
  for (const name of ['own', 'another']) {
    const reopen = async (copy: string, wrap?: Wrap) => {
      const task = await openTask(copy, wrap === undefined ? name : 'own', {
        ...(wrap && { wrap }),
        replacements,
      })
      await task.ledger.takeOver()
      await task.ledger.close()
    }
    const all = [['renamed', BigInt(dimensions.length) * unit] as const]
    expect(await killAtEachStep(url, reopen, all)).toBeGreaterThan(2)
  }
})
