import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { accountSums, accountSumsInSlices } from '../../../../src/store/sqlite/account-sums.ts'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'

test('between the slices of the sums of all accounts the event loop runs', async () => {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  const sums = accountSumsInSlices(database)
  let turns = 0
  setImmediate(() => (turns += 1))
  expect(await sums).toEqual([])
  expect(turns).toBe(1)
})

test('sums in slices are the plain ones in their order, and no slice is long', async () => {
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
  const sums = await accountSumsInSlices(database)
  isDone = true
  expect(sums).toEqual(accountSums(database))
  expect(sums).toHaveLength(401)
  // Three slices of accounts, three of hours, one hour with many tag sets, and the last order.
  expect(turns).toBe(8)
})
