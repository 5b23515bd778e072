import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { isDamage, refuseDamage } from '../../../../src/store/sqlite/file/refuse-damage.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'

const path = () => join(temporaryDirectory(), 'ledger.db')
const mebibyte = 1024 * 1024

/** A book of this size, as a sidecar has it open. */
function openBook(bytes: number, file = path()) {
  const database = new DatabaseSync(file)
  onTestFinished(() => database.close())
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usage (bytes BLOB)`)
  database.exec(`INSERT INTO usage VALUES (zeroblob(${bytes})); PRAGMA wal_checkpoint(TRUNCATE)`)
  return { database, path: file, isAlone: false, busyTimeoutMs: 500 }
}

/** Overwrites a page in the middle, which SQLite notices only when it reads all of them. */
function damage({ path: file }: { readonly path: string }): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, 50 * 4096)
  closeSync(descriptor)
}

/** What comes first, the outcome of a check or the next turn of the event loop. */
function firstOf(check: Promise<void>) {
  const turn = new Promise<string>((resolve) => setImmediate(resolve, 'turn'))
  return Promise.race([check.then(() => 'sound'), turn])
}

test('a small file is checked without a thread', async () => {
  expect(await firstOf(refuseDamage(openBook(mebibyte)))).toBe('sound')
})

test('other work continues while a large file is checked', async () => {
  const check = refuseDamage(openBook(5 * mebibyte))
  expect(await firstOf(check)).toBe('turn')
  await check
})

test('a large file that no other connection can open is checked on its own', async () => {
  const book = openBook(5 * mebibyte)
  book.database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
  expect(await firstOf(refuseDamage({ ...book, isAlone: true }))).toBe('sound')
})

test.each([1, 5])('damage of a file with %s MiB is found', async (size) => {
  const whole = openBook(size * mebibyte)
  damage(whole)
  // Without what the first connection still has of its pages in memory.
  const database = new DatabaseSync(whole.path)
  onTestFinished(() => database.close())
  const book = { ...whole, database }
  const error = await refuseDamage(book).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(Error)
  expect(isDamage(error)).toBe(true)
})

test('what SQLite says instead of reading a large file is no damage', async () => {
  const book = openBook(5 * mebibyte)
  book.database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
  const error = await refuseDamage({ ...book, busyTimeoutMs: 0 }).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ message: 'database is locked', errcode: 5 })
  expect(isDamage(error)).toBe(false)
})

test('a version without tables, as a recovery that broke off leaves it, is damage', async () => {
  const file = path()
  const database = new DatabaseSync(file)
  onTestFinished(() => database.close())
  database.exec('PRAGMA user_version = 4; VACUUM')
  const check = refuseDamage({ database, path: file, isAlone: true, busyTimeoutMs: 500 })
  const error = await check.catch((reason: unknown) => reason)
  expect(isDamage(error)).toBe(true)
})
