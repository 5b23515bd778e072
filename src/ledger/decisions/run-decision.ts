import { SidecarError } from '../../kernel/errors.ts'
import type { OperatorAction } from '../../metering/record/operator-table.ts'
import type { Page } from '../page/page.ts'
import { noteDecision, type DecisionEntry } from './trail.ts'

/** An operator's decision about a book. */
export interface Decision<T> {
  readonly action: OperatorAction
  readonly decide: (page: Page, now: number) => T
  /** What it was about, for the trail. */
  readonly about: (decided: T) => Omit<DecisionEntry, 'number' | 'at' | 'action'>
}

/** Carries a decision out on a page, and keeps it there. */
export function applyDecision<T>(
  { action, decide, about }: Decision<T>,
  page: Page,
  now: number,
): T {
  const decided = decide(page, now)
  noteDecision(page, { at: now, action, ...about(decided) })
  return decided
}

/**
 * Carries a decision out in a group of commands. One that is refused may have changed the page by then, so
 * the whole group is rolled back, and the others of it run again without it.
 */
export async function runDecision<T>(
  run: <R>(operation: (page: Page) => R) => Promise<R>,
  decision: Decision<T>,
  now: number,
): Promise<T> {
  try {
    return await run((page) => {
      try {
        return applyDecision(decision, page, now)
      } catch (error) {
        throw error instanceof SidecarError ? new Refusal(error) : error
      }
    })
  } catch (error) {
    throw error instanceof Refusal ? error.refused : error
  }
}

/** Not a SidecarError: those leave the rest of their group in place. */
class Refusal extends Error {
  readonly refused: SidecarError

  constructor(refused: SidecarError) {
    super(refused.message)
    this.refused = refused
  }
}
