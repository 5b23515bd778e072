import type { Clock } from '../../kernel/clock.ts'
import type { TextReader } from '../../kernel/text/read-text.ts'
import { latestInstant } from '../../store/sqlite/file/commands/latest-instant.ts'
import { changeBook, readBook, withSnapshot } from '../../store/sqlite/file/commands/book-file.ts'
import { importedInto } from '../../store/sqlite/file/commands/imported.ts'
import type { Changes } from '../../store/changes.ts'
import type { BookReader } from '../../store/store.ts'
import type { BookView } from '../../store/view.ts'
import type { CliIo } from '../cli-io.ts'
import { databaseUrl, dataDirectory } from './ledger-arguments.ts'

/** Where the ledger of a command is: a data directory, or a database. */
export interface LedgerPlace {
  /** For people. */
  name(): Promise<string>
  /** The database into which the ledger was imported, and which has it now. */
  importedInto(): Promise<string | undefined>
  read<T>(question: (book: BookReader) => Promise<T>): Promise<T>
  /** Changes the book in one transaction. */
  change(decide: (view: BookView) => Changes): Promise<void>
  /** Now, as its sidecar sees it: the clock of a demo runs ahead of the machine's. */
  now(): Promise<number>
}

interface PlaceContext {
  readonly env: CliIo['env']
  readonly clock: Clock
  readonly reader?: TextReader | undefined
}

/** The directory of `--data-dir`, else the database of the settings, else their directory. */
export function ledgerPlace(dataDir: string | undefined, context: PlaceContext): LedgerPlace {
  const url = dataDir === undefined ? databaseUrl(context.env, context.reader) : undefined
  return url === undefined
    ? placeOfDirectory(dataDirectory(dataDir, context.env), context.clock)
    : placeOfDatabase(url, context.clock)
}

function placeOfDirectory(directory: string, clock: Clock): LedgerPlace {
  return {
    name: () => Promise.resolve(directory),
    importedInto: () => withSnapshot(directory, async (database) => importedInto(database)),
    read: (question) => readBook(directory, question),
    change: (decide) => changeBook(directory, decide),
    now: () => Promise.resolve(Math.max(clock.now(), latestInstant(directory) ?? 0)),
  }
}

/** Its client is loaded only here. */
function placeOfDatabase(url: string, clock: Clock): LedgerPlace {
  const book = () => import('../../store/postgres/commands/postgres-book.ts')
  return {
    name: async () => (await book()).nameOfBook(url),
    importedInto: () => Promise.resolve(undefined),
    read: async (question) => (await book()).readBook(url, question),
    change: async (decide) => (await book()).changeBook(url, decide),
    async now() {
      const { latestInstantOf } = await import('../../store/postgres/commands/latest-instant-of.ts')
      return Math.max(clock.now(), (await latestInstantOf(url)) ?? 0)
    },
  }
}
