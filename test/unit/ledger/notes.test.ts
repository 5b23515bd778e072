import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'

import { openLedger, plainMeaning } from '../../support/ledger/open-ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-notes-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

const open = (resource = 'task-1') =>
  openLedger({
    directory,
    resource,
    clock: new ManualClock(),
    events: new Events(),
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxTagSets: 10,
    onFatal: () => {},
  })

test('what was remembered is there at the next start, the newest of each name', async () => {
  const first = await open()
  expect(await first.recall('a')).toBeUndefined()
  await first.remember('a', 'one')
  await first.remember('a', 'two')
  await first.remember('b', '')
  expect(await first.recall('a')).toBe('two')
  await first.close()

  const second = await open()
  expect(await second.recall('a')).toBe('two')
  expect(await second.recall('b')).toBe('')
  await second.close()
})

test('notes are apart from what the ledger keeps for itself', async () => {
  const first = await open()
  expect(await first.recall('owner')).toBeUndefined()
  await first.remember('owner', 'task-2')
  await first.close()
  const second = await open()
  expect(second.owner).toMatchObject({ identity: 'task-1', adoptedFrom: undefined })
  await second.close()
})

test('a note is on disk when it is acknowledged', async () => {
  const flushes: number[] = []
  const events = new Events()
  events.on('ledgerCommitted', ({ operations }) => flushes.push(operations))
  const ledger = await openLedger({
    directory,
    resource: 'task-1',
    clock: new ManualClock(),
    events,
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxTagSets: 10,
    onFatal: () => {},
  })
  await ledger.remember('a', 'one')
  expect(flushes).toEqual([1])
  await ledger.close()
})
