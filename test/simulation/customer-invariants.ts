import type { MeteringRecord } from '../../src/metering/record/record.ts'
import type { Store } from '../../src/store/store.ts'
import { acceptsCustomerRecord } from '../support/aws/customer-window.ts'
import { Violation } from './violation.ts'
import { simulatedCustomers } from './simulated-customers.ts'

/** A record that is this near to the end of its window may be given up: AWS's clock is known to the second. */
const marginMs = 300_000

/** What AWS still accepts is not given up: for a day, and for the month before until 06:00 UTC of the 1st. */
export function checkWindow(
  { id, timestamp }: Pick<MeteringRecord, 'id' | 'timestamp'>,
  givenUpAt: number | undefined,
): void {
  // One of a clock that was ahead comes too early, and its hour may never come.
  if (givenUpAt === undefined || timestamp > givenUpAt) return
  if (!acceptsCustomerRecord(timestamp, givenUpAt + marginMs)) return
  const [at, of] = [givenUpAt, timestamp].map((each) => new Date(each).toISOString())
  throw new Violation('given-up', `record ${id} of ${of} at ${at}, when AWS still accepted it`)
}

/**
 * Of a SaaS product without anything to do: usage is open only of an hour that goes on, because another replica
 * may report for it, and of customers whom no one has registered. Returns how often each occurred.
 */
export async function checkOpenOfCustomers(
  { store, now }: { readonly store: Store; readonly now: number },
  sealedBefore: number,
): Promise<string[]> {
  const left: string[] = []
  for (const key of simulatedCustomers.keys()) {
    const { registration, open = [] } = (await store.customer(key, now)) ?? {}
    for (const { dimension, hour, quantity } of open) {
      if (quantity === 0n) continue
      if (registration === undefined) left.push('left at the end: unknown customers')
      else if (hour >= sealedBefore) left.push('left at the end: an hour that goes on')
      else
        throw new Violation(
          'left-behind',
          `${quantity} of ${dimension} of ${key} are open in ${new Date(hour).toISOString()}`,
        )
    }
  }
  return left
}
