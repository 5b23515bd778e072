import { expect } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import type { Page } from '../../../src/ledger/page/page.ts'
import type { ModelBook } from '../store/model-book.ts'
import { openPage } from './open-page.ts'

export type Command = (page: Page) => unknown

/** Checks that commands give the same book, and are refused alike, in one group and one after the other. */
export function expectSameInOneGroup(
  bookBefore: () => ModelBook,
  commands: readonly Command[],
  { resource, maxTagSets }: { readonly resource: string; readonly maxTagSets: number },
): void {
  const alone = bookBefore()
  const results = commands.map((command) => {
    const page = openPage(alone, resource, { maxTagSets })
    const isDone = run(command, page)
    alone.apply(page.changes())
    return isDone
  })
  const together = bookBefore()
  const page = openPage(together, resource, { maxTagSets })
  expect(commands.map((command) => run(command, page))).toEqual(results)
  together.apply(page.changes())
  expect(contentOf(together)).toEqual(contentOf(alone))
}

/** Returns false where the command was refused, which must have changed nothing. */
function run(command: Command, page: Page): boolean {
  try {
    command(page)
    return true
  } catch (error) {
    if (error instanceof SidecarError) return false
    throw error
  }
}

/** All that a book holds, but for the order of its rows and the numbers of what came in one group. */
function contentOf(book: ModelBook) {
  return {
    registrations: sorted(book.registrations),
    accounts: sorted(book.accounts),
    open: sorted(book.open)
      .filter(([, cells]) => cells.size > 0)
      .map(([name, cells]) => [
        name,
        sorted(cells).map(([tags, { quantity }]) => [tags, quantity]),
      ]),
    held: sorted(book.held).map(([name, { hour: of, cells }]) => [
      name,
      { ...of, id: 0 },
      sorted(cells),
    ]),
    records: [...book.records.values()]
      .map((record) => ({ ...record, id: 0 }))
      .toSorted((a, b) => (a.clientToken < b.clientToken ? -1 : 1)),
    voided: [...book.voided.values()],
    closed: [...book.closed.keys()].toSorted(),
    claims: sorted(book.claims),
    late: sorted(book.late),
    notes: sorted(book.notes),
    readingHours: sorted(book.readingHours),
    readings: sorted(book.readings),
    cursors: sorted(book.cursors),
  }
}

function sorted<T>(rows: ReadonlyMap<string, T>): [string, T][] {
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
