import { areKeysDated } from './dated-keys.ts'
import type { Page } from './page/page.ts'
import { retentionAt } from './retention-at.ts'

type Run = <T>(rule: (page: Page) => T) => Promise<T>

/** AWS's time, `isSteady` when no step of the clock made keys look older than they are. */
interface Time {
  readonly now: number
  readonly isSteady: boolean
}

/** Forgets what is old, a bounded part of it in each transaction; no keys while their age is uncertain. */
export async function forgetOld(
  run: Run,
  { now, isSteady }: Time,
  hasCustomers: boolean,
): Promise<void> {
  const areDated = await run((page) => areKeysDated(page, now, isSteady))
  const retention = retentionAt(now, hasCustomers, areDated)
  while (await run((page) => page.forget(retention)));
}
