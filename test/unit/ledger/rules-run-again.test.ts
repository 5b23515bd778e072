import { expect, onTestFinished, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import type { CustomerForm } from '../../../src/metering/customer.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Changes } from '../../../src/store/changes.ts'
import type { BookView } from '../../../src/store/view.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { ModelStore } from '../../support/store/model-store.ts'
import { ModelView } from '../../support/store/model-view.ts'
import { createSilentLog } from '../../support/silent-log.ts'

/** As PostgreSQL does it: the rules run first on what is loaded by then, which is nothing, and that does not count. */
class LoadingStore extends ModelStore {
  override transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    try {
      decide(new ModelView(new ModelBook()))
    } catch {
      // They run again on the whole book.
    }
    return super.transact(decide)
  }
}

const acme = { accountId: '111122223333', licenseArn: 'arn:aws:l-acme', identifier: 'acme' }

async function openCustomers(form: CustomerForm) {
  const clock = new ManualClock()
  const ledger = await Ledger.open({
    store: new LoadingStore({
      book: new ModelBook(),
      nextWriteFailure: () => undefined,
      onCommitted: () => {},
      flush: () => {},
    }),
    resource: 'saas:product',
    clock,
    events: new Events(),
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxPerHour: () => undefined,
    maxTagSets: 10,
    lateUsage: 'carry',
    onFatal: () => {},
    customers: { form, region: 'us-east-1', lateUsage: 'carry' },
  })
  onTestFinished(() => ledger.close())
  const { customers } = ledger
  if (customers === undefined) throw new Error('the book has no customers')
  return { clock, customers }
}

test('a record that names a licence by its account alone is taken where the book is loaded piece by piece', async () => {
  const { clock, customers } = await openCustomers('license-arn')
  await customers.register({ customer: 'acme', names: acme, reactivates: false })
  const [outcome] = await customers.reportRecords([
    {
      names: { accountId: acme.accountId },
      dimension: 'requests',
      occurredAt: clock.now(),
      parts: [{ quantity: unit, tags: untagged }],
    },
  ])
  expect(outcome).toMatchObject({ customer: 'acme', receipt: { result: 'accepted' } })
})
