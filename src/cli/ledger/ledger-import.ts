import { SidecarError } from '../../kernel/errors.ts'
import { handOverBook } from '../../store/sqlite/file/commands/hand-over-book.ts'
import type { CliIo } from '../cli-io.ts'
import { readArguments } from '../command-line.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, databaseUrl, dataDirectory, noPositionals } from './ledger-arguments.ts'

/** `ledger import`: brings the ledger of a data directory into the database of the settings, once. */
export async function importLedger(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: commonOptions,
    allowPositionals: true,
  })
  noPositionals('import', positionals)
  const url = databaseUrl(io.env)
  if (url === undefined)
    throw new SidecarError(
      'InvalidArguments',
      '"ledger import" imports the ledger of a data directory into a PostgreSQL database. Name the database with SIDECAR_DATABASE_URL_FILE, and the directory with --data-dir.',
    )
  const directory = dataDirectory(values['data-dir'], io.env)
  const { openBookReceiver } = await import('../../store/postgres/commands/import-book.ts')
  await using receiver = await openBookReceiver(url)
  let records = 0
  let owner = ''
  await handOverBook(directory, {
    name: receiver.name,
    check: (book) => receiver.check(book),
    async receive(book) {
      records = book.records.length
      owner = book.owner
      await receiver.receive(book)
    },
  })
  io.out(
    values.json
      ? JSON.stringify({ directory, database: receiver.name, owner, records })
      : `Imported the ledger in ${directory} into the database ${receiver.name}, with ${records === 1 ? 'one record' : `${records} records`} of ${owner}. The file stays, but no sidecar uses it any more.`,
  )
  return exitCodes.ok
}
