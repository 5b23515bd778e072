import { ensureStatusPage } from '../../../scripts/build/status-page.ts'

/** Before the first test of every suite, because `src` does not load without the page. */
export function setup(): Promise<void> {
  return ensureStatusPage()
}
