import { SidecarError } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { readArguments } from '../command-line.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, databaseUrl, noPositionals } from './ledger-arguments.ts'

/** `ledger migrate`: makes the schema of a shared ledger, or brings it up to date. */
export async function migrateLedger(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: { json: commonOptions.json, 'grant-to': { type: 'string' } },
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
  const grantedTo = values['grant-to']
  const { name, from, to } = await migrateDatabase(url, grantedTo)
  if (values.json) {
    io.out(JSON.stringify({ database: name, from, to, grantedTo: grantedTo ?? null }))
    return exitCodes.ok
  }
  io.out(
    from === to
      ? `The schema marketplace_sidecar of ${name} already has version ${to}.`
      : `The schema marketplace_sidecar of ${name} now has version ${to}${from === 0 ? '' : `; it had version ${from}`}.`,
  )
  if (grantedTo !== undefined) io.out(`${grantedTo} may use it.`)
  return exitCodes.ok
}
