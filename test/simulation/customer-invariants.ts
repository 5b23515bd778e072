import type { Store } from '../../src/store/store.ts'
import { Violation } from './violation.ts'
import { simulatedCustomers } from './simulated-customers.ts'

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
