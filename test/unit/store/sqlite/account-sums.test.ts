import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { accountSums, unbalancedAccounts } from '../../../../src/store/sqlite/account-sums.ts'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'
import { imbalanceOf } from '../../../../src/store/summary.ts'

test('between the slices in which accounts are added up the event loop runs', async () => {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  const sums = unbalancedAccounts(database)
  let turns = 0
  setImmediate(() => (turns += 1))
  expect(await sums).toEqual([])
  expect(turns).toBe(1)
})

test('accounts that do not add up are found in slices, none of which is long', async () => {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
  database.exec(`
    INSERT INTO resource VALUES (1, 'pod:1', 0);
    INSERT INTO registration (id, customer, form, identity, region, created_at)
      VALUES (1, 'b', 'account', '1', '', 0), (2, 'a', 'account', '2', '', 0);
    ${numbers(401)} INSERT INTO account (id, product_code, registration_id, dimension, divisor,
        aggregate, scope, reported_whole)
      SELECT i, 'p', i % 3, 'd' || (i % 7), i, 'sum', 'resource', i FROM n;
    INSERT INTO open SELECT id, 1, 0, '', id, 0 FROM account;
    ${numbers(1000)} INSERT INTO open SELECT 1, 1, 0, 't' || i, 1, 0 FROM n;
    INSERT INTO open_sum SELECT account_id, 1, 0, SUM(whole), 0 FROM open GROUP BY account_id`)
  let isDone = false
  let turns = 0
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const wrong = await unbalancedAccounts(database)
  isDone = true
  const all = accountSums(database)
  expect(all).toHaveLength(401)
  expect(wrong).toEqual(all.filter((sums) => imbalanceOf(sums) !== 0n))
  expect(wrong).toMatchObject([{ divisor: 1n, open: 1001n * 1_000_000n }])
  // Three slices of hours, one hour with many tag sets, and three slices of accounts.
  expect(turns).toBe(7)
})
