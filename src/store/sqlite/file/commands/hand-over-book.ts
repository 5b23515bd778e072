import { join } from 'node:path'
import { SidecarError } from '../../../../kernel/errors.ts'
import type { WholeBook } from '../../../whole-book.ts'
import { changeDatabase, withSnapshot } from './book-file.ts'
import { lockFile } from '../file-lock.ts'
import { importedInto, markImported, refuseOther, unmarkImported } from './imported.ts'
import { readWholeBook } from './read-whole-book.ts'

interface Receiver {
  /** How people name it. */
  readonly name: string
  /** Throws what keeps it from receiving the book. */
  check(book: WholeBook): Promise<void>
  /**
   * Throws LedgerNotImported or LedgerImbalanced where it has nothing of the book, and never will have from this
   * attempt or an earlier one.
   */
  receive(book: WholeBook): Promise<void>
}

/**
 * Hands the book of a data directory to another store, while no sidecar has it open. It is marked first, so
 * that no sidecar goes on with it whatever happens then; handing it over again to the same receiver ends what
 * was interrupted: with the book there, or with a refusal, after which the file goes on. Rejects as `readBook`
 * does, and with LedgerImported for another receiver.
 */
export async function handOverBook(directory: string, receiver: Receiver): Promise<void> {
  // Before the lock, whose file would be made in any directory.
  await withSnapshot(directory, async (database) => {
    refuseOther(database, directory, receiver.name)
    // What may be under way of an interrupted attempt, only the receiver can wait for.
    if (importedInto(database) === undefined) await receiver.check(readWholeBook(database))
  })
  const lock = lockFile(join(directory, 'ledger.lock'))
  try {
    await changeDatabase(directory, (database) => markImported(database, receiver.name))
    const refusal = await withSnapshot(directory, async (database) => {
      const book = readWholeBook(database)
      return receiver.receive(book).then(
        () => undefined,
        (error: unknown) => refusalOf(error),
      )
    })
    if (refusal === undefined) return
    await changeDatabase(directory, unmarkImported)
    throw refusal
  } finally {
    lock.release()
  }
}

/** Throws every other error: what became of the book is not known then. */
function refusalOf(error: unknown): SidecarError {
  const isRefusal =
    error instanceof SidecarError && ['LedgerNotImported', 'LedgerImbalanced'].includes(error.code)
  if (isRefusal) return error
  throw error
}
