import { parseArgs } from 'node:util'
import { SidecarError } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { databaseUrl, noPositionals } from './ledger-arguments.ts'

/** `ledger migrate`: makes the schema of a shared ledger, or brings it up to date. */
export async function migrateLedger(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { 'grant-to': { type: 'string' } },
    allowPositionals: true,
  })
  noPositionals('migrate', positionals)
  const url = databaseUrl(io.env)
  if (url === undefined)
    throw new SidecarError(
      'InvalidArguments',
      '"ledger migrate" works on a PostgreSQL database. Name one with SIDECAR_DATABASE_URL_FILE; a ledger in a data directory is brought up to date when the sidecar starts.',
    )
  const { migrateDatabase } = await import('../../store/postgres/migrations/migrate-database.ts')
  const { name, from, to } = await migrateDatabase(url, values['grant-to'])
  io.out(
    from === to
      ? `The schema marketplace_sidecar of ${name} already has version ${to}.`
      : `The schema marketplace_sidecar of ${name} now has version ${to}${from === 0 ? '' : `; it had version ${from}`}.`,
  )
  if (values['grant-to'] !== undefined) io.out(`${values['grant-to']} may use it.`)
  return exitCodes.ok
}
