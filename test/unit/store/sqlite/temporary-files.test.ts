import { spawnSync } from 'node:child_process'
import { readdirSync, statSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root, temporaryDirectory } from '../../../support/program/program.ts'

/** Stores many idempotency keys in a ledger, and forgets them in one statement. */
const program = `
  import { openDatabase, prepareDirectory } from './src/store/sqlite/file/open-database.ts'
  import { ClaimRows } from './src/store/sqlite/claim-rows.ts'
  const directory = process.env.DATA
  prepareDirectory(directory)
  const options = { now: 0, meaningOf: () => undefined, dataSync: async () => {} }
  const { database } = await openDatabase(directory, options)
  const claims = new ClaimRows(database)
  const digest = new Uint8Array(32)
  const receipts = [{ kind: 'accepted', hour: 0, late: false, counted: true }]
  const keys = Array.from({ length: 2000 }, (_, index) => ({ token: 'key' + index, digest, receipts, createdAt: 0 }))
  const within = (work) => { database.exec('BEGIN'); work(); database.exec('COMMIT') }
  within(() => claims.insert(keys))
  within(() => claims.forget(1))
  if (claims.find('key1') !== undefined) throw new Error('not forgotten')`

// The root of a container is read-only, and there SQLite finds no directory for one.
test('forgetting thousands of keys needs no temporary file', () => {
  const temporary = temporaryDirectory()
  utimesSync(temporary, 0, 0)
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    {
      cwd: root,
      env: { ...process.env, SQLITE_TMPDIR: temporary, DATA: temporaryDirectory() },
      encoding: 'utf8',
    },
  )
  expect([status, stderr]).toEqual([0, ''])
  expect(readdirSync(temporary)).toEqual([])
  // SQLite removes the name of such a file at once, which still changes its directory.
  expect(statSync(temporary).mtimeMs).toBe(0)
})
