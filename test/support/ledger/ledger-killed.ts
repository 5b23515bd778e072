/** Fills the ledger of the directory that is its argument, and dies while a record is being sent. */
import { ManualClock } from '../manual-clock.ts'
import { openBook, report, seal } from './ledger-book.ts'
import { markSending } from './one-record.ts'

const [, , directory = ''] = process.argv
const clock = new ManualClock()
const book = await openBook(directory, clock)
await report(book, 'requests', 7)
await clock.advance(3_600_000)
await report(book, 'requests', 2.5)
const [record] = await seal(book, Date.parse('2026-03-10T10:00:00Z'))
await markSending(book, record?.id ?? 0)
process.kill(process.pid, 'SIGKILL')
