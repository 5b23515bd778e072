import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { accountSumsInSlices } from '../../../../src/store/sqlite/account-sums.ts'
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
