import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Store } from '../../../src/store/store.ts'
import type { AccountSums } from '../../../src/store/summary.ts'
import {
  accountFor,
  addedTo,
  nine,
  partOf,
  pod,
  progressOf,
  recordOf,
  tagged,
  unit,
  write,
} from './changes-for-tests.ts'

export const now = nine + 10 * hourMs
/** Forgets nothing. */
export const never = {
  at: now,
  claimsBefore: 0,
  settledBefore: 0,
  lateUsageBefore: 0,
  licencesBefore: 0,
  readingsBefore: 0,
}
export const hourAt = (index: number) => nine + index * hourMs
export const requests = accountFor('requests')
export const storage = accountFor('storage', { divisor: 1000n })
export const older = accountFor('storage', { divisor: 10n })

/** A book with usage in every place, records in every state, and a second owner. */
export async function fill(store: Store): Promise<void> {
  await write(store, {
    accounts: [
      { account: requests, reported: 100n * unit, fraction: 400_000n },
      { account: storage, reported: 50_000n * unit, fraction: 7n * unit },
      { account: older, reported: 1000n * unit, fraction: undefined },
    ],
    added: [
      addedTo(requests, hourAt(9), { [untagged]: 1_500_000n, [tagged('a')]: 2n * unit }),
      addedTo(requests, hourAt(10), { [tagged('b')]: unit }),
      addedTo(older, hourAt(9), { [untagged]: 5n * unit }),
      addedTo(storage, hourAt(9), { [untagged]: 6n * unit }),
    ],
    newRecords: [
      recordOf(hourAt(2), partOf(requests, 2, { [tagged('a')]: 2 })),
      recordOf(hourAt(3), partOf(requests, 3)),
      recordOf(hourAt(4), partOf(requests, 4)),
      recordOf(hourAt(5), partOf(requests, 5)),
      recordOf(hourAt(6), partOf(requests, 6)),
      recordOf(hourAt(7), partOf(requests, 7)),
      recordOf(
        hourAt(2),
        partOf(storage, 20, { [untagged]: 5, [tagged('a')]: 15 }),
        partOf(older, 3, { [tagged('a')]: 1, [tagged('b')]: 2 }),
      ),
    ],
    lateUsage: [
      { dimension: 'storage', hour: hourAt(9), quantity: 3n * unit },
      { dimension: 'requests', hour: nine - 49 * hourMs, quantity: unit },
    ],
    notes: [{ resource: pod, name: 'public-key', value: '1' }],
  })
  const attempt = { attempts: 1, firstAttemptAt: hourAt(8), lastAttemptAt: hourAt(8) }
  const failed = { lastCode: 'AccessDenied', lastMessage: 'no' }
  await write(store, {
    records: new Map([
      [2, progressOf({ ...attempt, state: 'sending', inFlight: true, ambiguous: true })],
      [
        3,
        progressOf({
          ...attempt,
          state: 'accepted',
          meteringRecordId: 'm-3',
          settledAt: hourAt(8) + 5,
        }),
      ],
      [4, progressOf({ ...attempt, ...failed, state: 'refused', lastAttemptAt: hourAt(8) + 9 })],
      [5, progressOf({ ...attempt, state: 'unresolved', ambiguous: true, settledAt: hourAt(8) })],
      [
        6,
        progressOf({
          ...attempt,
          state: 'moved',
          lastCode: 'ResolvedResend',
          lastAttemptAt: hourAt(9),
          settledAt: hourAt(9),
          movedTo: hourAt(9),
        }),
      ],
    ]),
  })
}

/** An account that holds nothing. */
export const noSums: AccountSums = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 1n,
  reported: 0n,
  open: 0n,
  fraction: 0n,
  held: 0n,
  recorded: 0n,
  void: 0n,
}
