import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { createFastClock } from '../../../../src/kernel/clock.ts'
import { Events } from '../../../../src/kernel/events.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/open-sqlite-store.ts'
import type { Store } from '../../../../src/store/store.ts'
import { describeStore } from '../../../conformance/store-conformance.ts'
import { plainMeaning } from '../../../support/ledger/open-ledger.ts'
import { ForgetfulFiles } from '../../../support/store/forgetful-files.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

const now = Date.parse('2026-03-10T09:00:00Z')

describeStore({
  name: 'the SQLite store',
  async create(keyLimitBytes) {
    const files = new ForgetfulFiles()
    const opened: Store[] = []
    return {
      async open() {
        const store = await openSqliteStore({
          directory: files.directory,
          meaningOf: plainMeaning,
          now,
          events: new Events(),
          log: createSilentLog(),
          dataSync: files.dataSync(),
          keyLimitBytes,
          lockClock: createFastClock(100, now),
        })
        const close = store.close.bind(store)
        store.close = async () => {
          await close()
          files.closed()
        }
        opened.push(store)
        return store
      },
      crash: () => files.crash(),
      kill: () => files.kill(),
      failFlush: () => files.failFlushes(1),
      lock() {
        const other = new DatabaseSync(join(files.directory, 'ledger.db'))
        other.exec('BEGIN IMMEDIATE')
        return () => other.close()
      },
      async remove() {
        for (const store of opened) await store.close().catch(() => {})
        expectNoOrphans(join(files.directory, 'ledger.db'))
        files.remove()
      },
    }
  },
})

/** SQLite does not check while the store writes: no row may name another that is not there. */
function expectNoOrphans(path: string): void {
  if (!existsSync(path)) return
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  } finally {
    database.close()
  }
}
