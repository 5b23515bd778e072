import type { Settings } from './settings.ts'

/** The URL of the database that many sidecars share; undefined where the ledger is in the data directory. */
export function databaseUrlOf({
  databaseUrlOfFile,
  databaseUrl,
}: Pick<Settings, 'databaseUrl' | 'databaseUrlOfFile'>): string | undefined {
  return databaseUrlOfFile ?? databaseUrl
}
