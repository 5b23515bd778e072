import { expect, test, vi } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { announcedNote } from '../../../src/ledger/decisions/trail.ts'
import { decisionsNote } from '../../../src/store/summary.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench } from '../../support/ledger/ledger-bench.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ModelDisk } from '../../support/store/model-disk.ts'
import { createSilentLog } from '../../support/silent-log.ts'

test('a book whose opening cannot be flushed does not open', async () => {
  const store = await new ModelDisk({ rewritesOnOpen: true }).open(() => {})
  const cause = new Error('EIO')
  vi.spyOn(store, 'flush').mockRejectedValueOnce(cause)
  const opening = Ledger.open({
    store,
    resource: 'pod:one',
    clock: new ManualClock(),
    events: new Events(),
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxPerHour: () => undefined,
    lateUsage: 'carry',
    maxTagSets: 10,
    onFatal: () => {},
  })
  await expect(opening).rejects.toMatchObject({
    code: 'LedgerFailed',
    message:
      'The ledger could not be flushed to disk (EIO). Check the volume under the data directory.',
    cause,
  })
})

test('a book remembers when each task or pod first opened it, and of whom it has what it took over', async () => {
  const clock = new ManualClock()
  const first = clock.now()
  const identity = 'pod:one'
  const one = await openBench({ clock, resource: identity })
  const { directory } = one
  expect(one.ledger.owner).toEqual({ identity, firstSeenAt: first, adoptedFrom: undefined })
  await one.ledger.close()
  await clock.advance(hourMs)
  const again = await openBench({ clock, directory, resource: identity })
  expect(again.ledger.owner).toEqual({ identity, firstSeenAt: first, adoptedFrom: undefined })
  await again.report('requests', 1n)
  await again.ledger.close()
  const other = await openBench({ clock, directory, resource: 'pod:two' })
  expect(other.ledger.owner).toEqual({
    identity: 'pod:two',
    firstSeenAt: first + hourMs,
    adoptedFrom: identity,
  })
})

test('a task that adopts a book goes on with what operators decided, and announces none of it again', async () => {
  const { ledger, clock, directory } = await openBench({ resource: 'pod:old' })
  await ledger.remember(decisionsNote, '[]')
  await ledger.remember(announcedNote, '3')
  await ledger.close()
  const next = await openBench({ resource: 'pod:new', clock, directory })
  expect(await next.ledger.recall(decisionsNote)).toBe('[]')
  expect(await next.ledger.recall(announcedNote)).toBe('3')
})
