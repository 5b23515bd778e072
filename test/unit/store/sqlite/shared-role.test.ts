import { expect, onTestFinished, test } from 'vitest'
import { Events } from '../../../../src/kernel/events.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/open-sqlite-store.ts'
import { look } from '../../../conformance/store/changes-for-tests.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../../support/ledger/open-ledger.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

test('a book in a file has one task or pod at a time, which is alone with what all share', async () => {
  const store = await openSqliteStore({
    directory: temporaryDirectory(),
    meaningOf: plainMeaning,
    now: 0,
    events: new Events(),
    log: createSilentLog(),
  })
  onTestFinished(() => store.close())
  expect(await look(store, (view) => view.sharedRole())).toBe('alone')
})
