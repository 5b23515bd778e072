import { readArguments } from '../command-line.ts'
import { resolve } from 'node:path'
import { SidecarError } from '../../kernel/errors.ts'
import { backupBook } from '../../store/sqlite/file/commands/backup-book.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { commonOptions, databaseUrl, dataDirectory, invalid } from './ledger-arguments.ts'

/** `ledger backup`: copies the book to a new file, next to a running sidecar or without one. */
export async function backupLedger(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: commonOptions,
    allowPositionals: true,
  })
  const [file, ...rest] = positionals
  if (file === undefined || file === '' || rest.length > 0)
    throw invalid('"ledger backup" needs the name of one new file')
  if (values['data-dir'] === undefined && databaseUrl(io.env) !== undefined)
    throw new SidecarError(
      'InvalidArguments',
      '"ledger backup" copies a ledger in a data directory. Back up a database with its own tools:\npg_dump --schema=marketplace_sidecar',
    )
  await backupBook(dataDirectory(values['data-dir'], io.env), file)
  const path = resolve(file)
  io.out(values.json ? JSON.stringify({ file: path }) : `Copied the ledger to ${path}.`)
  return exitCodes.ok
}
