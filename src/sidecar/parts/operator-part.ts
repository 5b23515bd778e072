import type { Decided, OperatorDesk } from '../../http/routes/operator/operator-desk.ts'
import {
  resolveDelivered,
  resolveResend,
  retryRefused,
} from '../../ledger/decisions/operator-actions.ts'
import { releaseHeld } from '../../ledger/decisions/release-held.ts'
import { reopenRefused } from '../../ledger/decisions/reopen-record.ts'
import { aboutHeld, aboutRecord, aboutUsage } from '../../ledger/decisions/trail.ts'
import { writeOffRecord, writeOffUsage } from '../../ledger/decisions/write-off.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Page } from '../../ledger/page/page.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { requireAllowed } from '../../product/require-allowed.ts'
import { todaysMeaningsOf } from '../../product/todays-meanings.ts'
import { todaysNamesOf } from '../../product/todays-names.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import type { DecisionsPart } from './decisions-part.ts'

interface Deps {
  readonly ledger: Pick<Ledger, 'decide' | 'undecided'>
  readonly decisions: Pick<DecisionsPart, 'announce'>
}

/** What operators do over HTTP; undefined where the settings give them no token. */
export function createOperatorDesk(
  { settings }: Pick<SidecarOptions, 'settings'>,
  { ledger, decisions }: Deps,
): OperatorDesk | undefined {
  const { product, operatorMay, operatorToken } = settings
  if (operatorToken === undefined) return undefined
  const today = todaysNamesOf(product)
  const meaningOf = todaysMeaningsOf(product)
  const ofRecord = {
    retry: (page: Page, id: number) => retryRefused(page, id),
    reopen: (page: Page, id: number, now: number) => reopenRefused(page, id, now, today),
    'resolve-delivered': resolveDelivered,
  }
  const decide: Ledger['decide'] = async (decision) => {
    const decided = await ledger.decide(decision)
    decisions.announce()
    return decided
  }
  return {
    undecided: () => ledger.undecided(),
    async decide(action, id) {
      if (action === 'resolve-delivered') requireAllowed(action, operatorMay)
      return decidedAbout(
        await decide({
          action,
          decide: (page, now) => ofRecord[action](page, id, now),
          about: aboutRecord,
        }),
      )
    },
    async resend(id, force) {
      return decidedAbout(
        await decide({
          action: 'resolve-resend',
          decide: (page, now) => resolveResend(page, id, now, force),
          about: aboutRecord,
        }),
      )
    },
    async release(id) {
      const { releasedTo } = await decide({
        action: 'release',
        decide: (page, now) => releaseHeld(page, id, now, meaningOf),
        about: (held) => aboutHeld(id, held),
      })
      return { record: undefined, billedWith: releasedTo }
    },
    async voidRecord(id, reason) {
      requireAllowed('void', operatorMay)
      return decidedAbout(
        await decide({
          action: 'void',
          decide: (page, now) => writeOffRecord(page, id, reason, now),
          about: (record) => ({ ...aboutRecord(record), reason }),
        }),
      )
    },
    async voidUsage(usage) {
      requireAllowed('void', operatorMay)
      await decide({
        action: 'void',
        decide: (page, now) => writeOffUsage(page, usage, now),
        about: () => aboutUsage(usage),
      })
      return { record: undefined, billedWith: undefined }
    },
  }
}

function decidedAbout(record: MeteringRecord): Decided {
  return { record, billedWith: record.movedTo }
}
