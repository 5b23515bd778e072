import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { walHeaderIsSound } from '../../../../src/store/sqlite/file/wal-header.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'

/** A log that SQLite wrote. */
function genuineLog(): string {
  const directory = temporaryDirectory()
  const database = new DatabaseSync(join(directory, 'x.db'))
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE one (x)')
  const log = join(directory, 'log')
  copyFileSync(join(directory, 'x.db-wal'), log)
  database.close()
  return log
}

test('the header of a log is sound as SQLite wrote it, and not with one bit of any of its bytes wrong', () => {
  const log = genuineLog()
  expect(walHeaderIsSound(log)).toBe(true)
  const sound = readFileSync(log)
  for (let index = 0; index < 32; index += 1) {
    const wrong = Buffer.from(sound)
    wrong[index] = (sound[index] ?? 0) ^ 0x40
    writeFileSync(log, wrong)
    expect(walHeaderIsSound(log), `byte ${index}`).toBe(false)
  }
})

test('a log that is shorter than its header is sound only while it is empty or zeroed', () => {
  const log = genuineLog()
  const header = readFileSync(log).subarray(0, 31)
  for (const [bytes, isSound] of [
    [header, false],
    [Buffer.alloc(31), true],
    [Buffer.alloc(0), true],
  ] as const) {
    writeFileSync(log, bytes)
    expect(walHeaderIsSound(log)).toBe(isSound)
  }
})
