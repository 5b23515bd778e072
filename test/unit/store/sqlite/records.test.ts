import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'
import { SqliteReader } from '../../../../src/store/sqlite/sqlite-reader.ts'

/** A book with 120 records: 12 dimensions in each of 10 hours, ids against the order of the hours. */
function openBook() {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 119)
    INSERT INTO record (id, slot_id, hour, resource_id, timestamp, quantity, form, client_token,
        state, sealed_at)
      SELECT 120 - i, 1 + i % 12, i / 12, 1, 0, 1, 'whole', 't', 'accepted', 0 FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
    INSERT INTO slot SELECT i, 'c', '', 'p', 'd' || i FROM n;
    INSERT INTO resource VALUES (1, 'pod:1', 0)`)
  return { database, book: new SqliteReader(database) }
}

const all = { since: undefined, until: undefined, dimension: undefined }

test('records come whole, the oldest hour first and then by id, over all pages', async () => {
  const { book } = openBook()
  const records = await Array.fromAsync(book.records(all))
  const sorted = records.toSorted((a, b) => a.hour - b.hour || a.id - b.id)
  expect(records.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id))
  expect(records).toHaveLength(120)
  const some = await Array.fromAsync(book.records({ since: 2, until: 9, dimension: 'd3' }))
  expect(some.map(({ hour, dimension }) => `${hour} ${dimension}`)).toEqual(
    [2, 3, 4, 5, 6, 7, 8].map((hour) => `${hour} d3`),
  )
})

test('between the pages of records the event loop runs', async () => {
  const { book } = openBook()
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await Array.fromAsync(book.records(all))
  isDone = true
  expect(turns).toBe(2)
})

test('a record that is forgotten while they are read is left out', async () => {
  const { database, book } = openBook()
  const ids: number[] = []
  for await (const { id } of book.records(all)) {
    if (ids.length === 0) database.exec('DELETE FROM record WHERE hour = 0')
    ids.push(id)
  }
  expect(ids).toHaveLength(109)
})
