import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { openBench, unit, type LedgerBench } from '../../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'

const hourMs = 3_600_000

function fileOf({ directory }: LedgerBench): DatabaseSync {
  return new DatabaseSync(join(directory, 'ledger.db'))
}

/** The kept sums and the plain ones of the same file, which must be equal row by row. */
function sumsIn(bench: LedgerBench) {
  const database = fileOf(bench)
  const all = (sql: string) => database.prepare(sql).all()
  const kept = all('SELECT * FROM open_sum ORDER BY account_id, resource_id, hour')
  const plain = all(
    `SELECT account_id, resource_id, hour, SUM(whole) + SUM(micro) / 1000000 AS whole,
            SUM(micro) % 1000000 AS micro
     FROM open GROUP BY account_id, resource_id, hour ORDER BY account_id, resource_id, hour`,
  )
  database.close()
  return { kept, plain }
}

/** Numbers from 0 to `below` that look random and are the same in every run. */
function createDraw() {
  let state = 20_261_126
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

describe('the sum of an open hour', () => {
  test('is the plain sum of its tag sets, whatever was reported and sealed', async () => {
    const bench = await openBench()
    const { ledger, clock, report } = bench
    const draw = createDraw()
    for (let round = 0; round < 60; round += 1) {
      const reports = Array.from({ length: 1 + draw(8) }, () =>
        report(['requests', 'storage', 'seats'][draw(3)] ?? '', BigInt(1 + draw(3_999_999)), {
          tags: draw(3) === 0 ? '' : JSON.stringify([['team', String(draw(5))]]),
          occurredAt: clock.now() - draw(2) * hourMs,
        }),
      )
      await Promise.all(reports)
      if (draw(6) === 0) await clock.advance(hourMs)
      if (draw(6) === 0) await sealHours(ledger, clock)
      const { kept, plain } = sumsIn(bench)
      expect(kept).toEqual(plain)
    }
    const usage = await ledger.usage()
    const open = usage.open.reduce((sum, { quantity }) => sum + quantity, 0n)
    const audited = (await ledger.audit()).reduce((sum, account) => sum + account.open, 0n)
    expect(open).toBe(audited)
    expect((await ledger.audit()).every(({ imbalance }) => imbalance === 0n)).toBe(true)
    expect(sumsIn(bench).kept.length).toBeGreaterThan(0)
  })

  test('that is wrong fails the audit, and so does a tag set that is wrong', async () => {
    const bench = await openBench()
    await bench.report('requests', 5n * unit, { tags: '[["team","blue"]]' })
    await bench.report('requests', 2n * unit)
    const imbalance = async () => {
      await bench.ledger.audit()
      return bench
        .told('ledgerAudited')
        .at(-1)
        ?.keys.map((each) => each.imbalance)
    }
    const change = (sql: string) => {
      const database = fileOf(bench)
      database.exec(sql)
      database.close()
    }
    expect(await imbalance()).toEqual([])
    change("UPDATE open SET whole = whole - 3 WHERE tags <> ''")
    expect(await imbalance()).toEqual([3n * unit])
    change("UPDATE open SET whole = whole + 3 WHERE tags <> ''")
    expect(await imbalance()).toEqual([])
    change('DELETE FROM open_sum')
    expect(await imbalance()).toEqual([7n * unit])
  })
})
