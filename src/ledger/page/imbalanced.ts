import { SidecarError } from '../../kernel/errors.ts'
import type { Account } from '../../metering/account.ts'

/** The error for a group of changes that would lose usage, or make some. */
export function imbalanced({ key }: Account, homeless: bigint): SidecarError {
  return new SidecarError(
    'LedgerImbalanced',
    `Nothing was changed: it would have left ${homeless} micro-units of ${key.dimension} in no place. This is a defect; keep the data directory and report it.`,
  )
}
