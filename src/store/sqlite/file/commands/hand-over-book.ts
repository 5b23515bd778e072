import { join } from 'node:path'
import type { WholeBook } from '../../../whole-book.ts'
import { changeDatabase, withSnapshot } from './book-file.ts'
import { lockFile } from '../file-lock.ts'
import { markImported, refuseOther } from './imported.ts'
import { readWholeBook } from './read-whole-book.ts'

interface Receiver {
  /** How people name it. */
  readonly name: string
  /** Throws what keeps it from receiving the book. */
  check(book: WholeBook): Promise<void>
  receive(book: WholeBook): Promise<void>
}

/**
 * Hands the book of a data directory to another store, while no sidecar has it open. It is marked first, so
 * that no sidecar goes on with it whatever happens then; handing it over again to the same receiver ends what
 * was interrupted. Rejects as `readBook` does, and with LedgerImported for another receiver.
 */
export async function handOverBook(directory: string, receiver: Receiver): Promise<void> {
  // Before the lock, whose file would be made in any directory.
  await withSnapshot(directory, async (database) => {
    refuseOther(database, directory, receiver.name)
    await receiver.check(readWholeBook(database))
  })
  const lock = lockFile(join(directory, 'ledger.lock'))
  try {
    await changeDatabase(directory, (database) => markImported(database, receiver.name))
    await withSnapshot(directory, (database) => receiver.receive(readWholeBook(database)))
  } finally {
    lock.release()
  }
}
