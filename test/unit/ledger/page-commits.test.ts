import { describe, expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { largestTotal, largestWhole } from '../../../src/metering/quantity.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import type { UsageReport } from '../../../src/metering/report.ts'
import type { Changes } from '../../../src/store/changes.ts'
import type { BookView } from '../../../src/store/view.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../../support/ledger/open-ledger.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { ModelView } from '../../support/store/model-view.ts'
import { ModelStore, type WriteFailure } from '../../support/store/model-store.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const tagged = (team: string) => ({ tags: canonicalTags([{ key: 'team', value: team }]) })

/** Runs the rules on an empty book first where it is told to, as a store does that loads what they ask for. */
class RerunningStore extends ModelStore {
  rerun = false

  override transact(decide: (view: BookView) => Changes): Promise<readonly number[]> {
    return super.transact((view) => {
      if (this.rerun) decide(new ModelView(new ModelBook()))
      return decide(view)
    })
  }
}

async function openSmall() {
  const failures: WriteFailure[] = []
  const book = new ModelBook()
  const store = new RerunningStore({
    book,
    nextWriteFailure: () => failures.shift(),
    onCommitted: () => {},
    flush: () => {},
  })
  const ledger = await Ledger.open({
    store,
    resource: 'pod:1',
    clock: new ManualClock(),
    events: new Events(),
    log: createSilentLog(),
    meaningOf: plainMeaning,
    maxPerHour: () => undefined,
    maxTagSets: 1,
    lateUsage: 'carry',
    onFatal: (error) => {
      throw error
    },
  })
  const report = (...reports: UsageReport[]) =>
    ledger.report({ reports, idempotencyKey: undefined })
  const tagsOf = async () => {
    const { openByTags } = await store.overview(0)
    return openByTags.map(({ tags }) => tags)
  }
  return { store, failures, report, tagsOf }
}

describe('what the rules remember from one group to the next', () => {
  const [a, b] = ['a', 'b'].map((team) => reportOf('requests', unit, tagged(team))) as [
    UsageReport,
    UsageReport,
  ]

  test('has no tag set of a group that was not stored', async () => {
    const { failures, report, tagsOf } = await openSmall()
    failures.push('LedgerFull')
    await expect(report(a, b)).rejects.toMatchObject({ code: 'LedgerFull' })
    await report(b)
    expect(await tagsOf()).toEqual([b.tags])
  })

  test('has no tag set of a run that did not have all of the book', async () => {
    const { store, report, tagsOf } = await openSmall()
    store.rerun = true
    await report(a, b)
    expect(await tagsOf()).toEqual([untagged, a.tags])
  })

  test('has no room of a run that did not have all of the book', async () => {
    const { store, report } = await openSmall()
    const most = reportOf('requests', largestWhole * unit)
    await report(...Array.from({ length: Number(largestTotal / largestWhole) }, () => most))
    store.rerun = true
    await expect(report(a)).rejects.toMatchObject({ code: 'QuantityTooLarge' })
  })
})
