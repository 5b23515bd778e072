import { claimsMs } from './retention-at.ts'
import type { Page } from './page/page.ts'

/**
 * Idempotency keys are stored with the time of the machine until AWS has said what time it is. A clock that was
 * behind makes them look older than they are, at a later start too. The book notes whose keys may have such a time,
 * unless its store has a clock of its own.
 */
const undatedNote = 'keys.undated'
/** Until this instant, AWS's time, no key is forgotten. */
const keptNote = 'keys.kept-until'

/** At a start: what this process stores is undated for now, and so is what an earlier one left undated. */
export function noteUndatedKeys(page: Page, areOfOthers: boolean): void {
  if (page.view.datesKeys) return
  const before = page.noted(undatedNote) ?? 'none'
  page.note(undatedNote, before === 'none' && !areOfOthers ? 'own' : 'earlier')
}

/**
 * Returns whether the age of keys is certain at `now`, which is AWS's time. A step of this process's clock makes them
 * look older for `doubtfulForMs`. Those of an earlier process are kept as long as a new one, as far as it is not known.
 */
export function areKeysDated(page: Page, now: number, doubtfulForMs: number): boolean {
  if (page.view.datesKeys) return true
  const keptUntil = Number(page.noted(keptNote) ?? 0)
  const undated = page.noted(undatedNote)
  const until = Math.max(
    keptUntil,
    doubtfulForMs > 0 ? now + doubtfulForMs : 0,
    undated === 'earlier' ? now + claimsMs : 0,
  )
  if (until > keptUntil) page.note(keptNote, String(until))
  if (undated !== 'none') page.note(undatedNote, 'none')
  return now >= until
}
