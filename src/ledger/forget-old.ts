import { areKeysDated } from './dated-keys.ts'
import type { Page } from './page/page.ts'
import { retentionAt } from './retention-at.ts'

type Run = <T>(rule: (page: Page) => T) => Promise<T>

/** AWS's time, and for how much longer a step of the clock makes keys look older than they are. */
interface Time {
  readonly now: number
  readonly doubtfulForMs: number
}

/** Forgets what is old, a bounded part of it in each transaction; no keys while their age is uncertain. */
export async function forgetOld(
  run: Run,
  { now, doubtfulForMs }: Time,
  hasCustomers: boolean,
): Promise<void> {
  const areDated = await run((page) => areKeysDated(page, now, doubtfulForMs))
  const retention = retentionAt(now, hasCustomers, areDated)
  while (await run((page) => page.forget(retention)));
}
