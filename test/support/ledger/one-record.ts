import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { MeteringRecord, Settlement } from '../../../src/metering/record/record.ts'

/** Commits that an attempt is about to be made for one record; undefined where it no longer waits to be sent. */
export async function markSending(
  ledger: Pick<Ledger, 'markAll'>,
  id: number,
): Promise<MeteringRecord | undefined> {
  return (await ledger.markAll([id]))[0]
}

/** Commits the outcome of an attempt for one record. */
export async function settle(
  ledger: Pick<Ledger, 'settleAll'>,
  id: number,
  settlement: Settlement,
): Promise<MeteringRecord> {
  const [record] = await ledger.settleAll([[id, settlement]])
  if (record === undefined) throw new TypeError(`record ${id} was not settled`)
  return record
}
