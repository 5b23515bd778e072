import { expect, test, vi } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { createSilentLog } from '../../../src/kernel/log.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ModelDisk } from '../../support/store/model-disk.ts'

test('a book whose opening cannot be flushed does not open', async () => {
  const store = await new ModelDisk({ rewritesOnOpen: true }).open(() => {})
  vi.spyOn(store, 'flush').mockRejectedValueOnce(new Error('EIO'))
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
    message: expect.stringContaining('EIO') as string,
  })
})
