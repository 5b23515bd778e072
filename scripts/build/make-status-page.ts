/**
 * Makes the text of the status page where it is missing or older than its sources:
 * `node scripts/build/make-status-page.ts`, or `node --import` before a program that needs it. In the same
 * process it adds 5 ms to a start, in a process before it 75.
 */
import { ensureStatusPage } from './status-page.ts'

await ensureStatusPage()
