import { planSeal, type SealRules } from '../../../src/metering/record/seal.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import type { ManualClock } from '../manual-clock.ts'

export const defaultRules: SealRules = {
  zeroRecords: false,
  formOf: () => 'whole',
  clientTokenOf,
  onFolded: () => {},
}

/** Seals every hour that is over on `clock`; with `openHourToo` the current one as well. */
export function sealHours(
  ledger: Ledger,
  clock: ManualClock,
  rules: Partial<SealRules> = {},
  openHourToo = false,
  endedBefore?: number,
): Promise<MeteringRecord[]> {
  const now = clock.now()
  return Array.fromAsync(
    ledger.seal({
      before: hourOf(now) + (openHourToo ? hourMs : 0),
      endedBefore,
      now,
      plan: (input) => planSeal(input, { ...defaultRules, ...rules }),
      zeroHours: [],
    }),
  )
}
