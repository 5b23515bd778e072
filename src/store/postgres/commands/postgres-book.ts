import type { Changes } from '../../changes.ts'
import type { BookReader } from '../../store.ts'
import type { BookView } from '../../view.ts'
import { nameOfDatabase, parseDatabaseUrl } from '../connection/database-url.ts'
import { openPostgresStore } from '../open-postgres-store.ts'

/** How people name the database of a URL, without its password. Throws InvalidSettings. */
export function nameOfBook(url: string): string {
  return nameOfDatabase(parseDatabaseUrl(url))
}

/** Reads the whole book of a database, next to the sidecars that share it. */
export async function readBook<T>(
  url: string,
  read: (reader: BookReader) => Promise<T>,
): Promise<T> {
  const store = await openPostgresStore({ url, connections: 1 })
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

/** Changes the book in one transaction, next to the sidecars that share it. */
export async function changeBook(url: string, decide: (view: BookView) => Changes): Promise<void> {
  const store = await openPostgresStore({ url, connections: 1 })
  try {
    await store.transact(decide)
  } finally {
    await store.close()
  }
}
