import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { accountOf } from '../../../../src/metering/account.ts'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'
import { Names } from '../../../../src/store/sqlite/names.ts'
import { ReadingRows } from '../../../../src/store/sqlite/reading-rows.ts'

const keyOf = (dimension: string) => ({
  productCode: 'product',
  customer: '',
  dimension,
  divisor: 1n,
  aggregate: 'max' as const,
  scope: 'resource' as const,
})

test('a statement is prepared when it is first needed, and once', () => {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  const rows = new ReadingRows(database, new Names(database))
  const prepare = vi.spyOn(database, 'prepare')
  for (let times = 0; times < 3; times += 1) {
    expect(rows.openHours()).toEqual([])
    expect(rows.oldestOpenHour()).toBeUndefined()
  }
  expect(prepare).toHaveBeenCalledTimes(2)
})

test('open readings are summed up by hour and dimension, and asked for before an hour', () => {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  migrate(database, 0, () => undefined)
  database.exec("INSERT INTO resource (identity, first_seen) VALUES ('pod:1', 0)")
  const rows = new ReadingRows(database, new Names(database))
  const hours = [
    { dimension: 'b', hour: 2 },
    { dimension: 'c', hour: 1 },
    { dimension: 'a', hour: 2 },
  ].map(({ dimension, hour }) => ({
    account: accountOf(keyOf(dimension)),
    resource: 'pod:1',
    hour,
  }))
  for (const hour of hours) {
    expect(rows.all(hour)).toEqual([])
    expect([rows.hour(hour), rows.one(hour, '', '')]).toEqual([undefined, undefined])
  }
  rows.write({
    dropped: [],
    hours: hours.map((hour) => ({ ...hour, closed: false, count: 1 })),
    rows: hours.map((hour) => ({
      ...hour,
      reading: { tags: '', key: '', quantity: 5n, at: 0, until: 0 },
    })),
  })
  const summary = rows
    .summary(3)
    .map(({ hour, dimension, quantity }) => [hour, dimension, quantity])
  expect(summary).toEqual([
    [1, 'c', 5n],
    [2, 'a', 5n],
    [2, 'b', 5n],
  ])
  expect([rows.hasOpenBefore(1), rows.hasOpenBefore(2), rows.oldestOpenHour()]).toEqual([
    false,
    true,
    1,
  ])
})
