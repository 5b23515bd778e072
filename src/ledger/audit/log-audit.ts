import type { Log } from '../../kernel/log.ts'
import type { SharedMeteringId } from '../../store/summary.ts'
import type { AccountBalance } from './audit.ts'

/** Logs what an audit found wrong; each is a defect. */
export function logAudit(
  log: Log,
  wrong: readonly AccountBalance[],
  shared: readonly SharedMeteringId[],
): void {
  for (const { dimension, imbalance } of wrong)
    log(
      'ledger.imbalance',
      `The books of ${dimension} do not balance: ${imbalance} micro-units were reported but are in no place. This is a defect; keep the data directory and report it.`,
      { dimension, microUnits: String(imbalance) },
    )
  for (const { meteringRecordId, records } of shared)
    log(
      'ledger.shared-id',
      `Records ${records.join(', ')} have the same MeteringRecordId, ${meteringRecordId}: AWS has billed only one of them. This is a defect; keep the data directory and report it.`,
      { meteringRecordId, records },
    )
}
