import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { accountOf } from '../../../../src/metering/account.ts'
import { slotOf } from '../../../../src/metering/slot.ts'
import { migrate } from '../../../../src/store/sqlite/migrations/migrate.ts'
import { Names } from '../../../../src/store/sqlite/names.ts'
import { accountFor } from '../../../conformance/store/changes-for-tests.ts'

const account = accountFor('requests')
const slot = slotOf(account.key, 'pod:1')

let database: DatabaseSync
let names: Names
beforeEach(() => {
  const opened = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  onTestFinished(() => opened.close())
  migrate(opened, 0, () => undefined)
  opened.exec("INSERT INTO resource (identity, first_seen) VALUES ('pod:1', 0)")
  database = opened
  names = new Names(opened)
})

describe('the ids of rows', () => {
  test('are forgotten when a rollback may have undone the rows', () => {
    database.exec('BEGIN')
    database.exec("INSERT INTO resource (identity, first_seen) VALUES ('pod:2', 0)")
    const id = names.makeAccount(account)
    names.makeSlot(slot)
    expect(names.account(id).key).toEqual(account.key)
    expect([names.accountId(account), names.slotId(slot)]).toEqual([id, 1])
    expect(names.resourceId('pod:2')).toBe(2)
    database.exec('ROLLBACK')
    names.clear()
    expect(names.accountId(account)).toBeUndefined()
    expect(names.slotId(slot)).toBeUndefined()
    expect(names.resourceId('pod:2')).toBeUndefined()
    const other = accountOf({ ...account.key, dimension: 'storage' })
    expect(names.makeAccount(other)).toBe(id)
    expect(names.account(id).key).toEqual(other.key)
  })

  test('that are in use are looked up once', () => {
    const ids = () => [names.accountId(account), names.slotId(slot), names.resourceId('pod:1')]
    names.makeAccount(account)
    names.makeSlot(slot)
    const found = ids()
    expect(found).toEqual([1, 1, 1])
    expect(names.account(1).key).toEqual(account.key)
    database.exec('DELETE FROM account; DELETE FROM slot; DELETE FROM resource')
    expect(ids()).toEqual(found)
    expect(names.account(1).key).toEqual(account.key)
  })

  test('are undefined for what has no row, until it has one', () => {
    expect(names.accountId(account)).toBeUndefined()
    expect(names.slotId(slot)).toBeUndefined()
    expect(names.resourceId('pod:2')).toBeUndefined()
    expect(names.makeAccount(account)).toBe(names.accountId(account))
    // Two objects of one slot.
    const twin = { ...slot }
    expect(names.slotId(twin)).toBeUndefined()
    expect(names.makeSlot(slot)).toBe(names.slotId(twin))
    expect(names.resource(names.resourceId('pod:1') ?? 0)).toBe('pod:1')
  })

  test('of the account of a customer alone come with a place for its registration', () => {
    const rows = () =>
      database.prepare("SELECT customer FROM registration WHERE customer <> ''").all()
    names.makeAccount(account)
    const registered = {
      customer: 'beta',
      identity: { form: 'account', value: '1', region: 'us-east-1' },
    } as const
    expect(() => names.makeAccount(accountOf({ ...account.key, ...registered }))).toThrow(TypeError)
    expect(rows()).toEqual([])
    names.makeAccount(accountOf({ ...account.key, customer: 'acme' }))
    expect(rows()).toEqual([{ customer: 'acme' }])
  })

  test('of an hour are undefined until both its account and its owner have a row', () => {
    const hour = { account, resource: 'pod:1', hour: 7 }
    expect(names.hourIds(hour)).toBeUndefined()
    expect(names.makeHour(hour)).toEqual([1, 1, 7])
    expect(names.hourIds(hour)).toEqual([1, 1, 7])
    expect(names.hourIds({ ...hour, resource: 'pod:2' })).toBeUndefined()
  })

  test('of what never owned the book are a defect where something is written for it', () => {
    const defect = new TypeError('pod:2 does not own the book')
    expect(() => names.ownerId('pod:2')).toThrow(defect)
    expect(() => names.makeHour({ account, resource: 'pod:2', hour: 7 })).toThrow(defect)
    expect(names.ownerId('pod:1')).toBe(1)
  })
})
