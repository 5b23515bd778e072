import { createSystemClock, type Clock } from '../../kernel/clock.ts'
import { fileReader, type TextReader } from '../../kernel/text/read-text.ts'
import type { CliIo } from '../cli-io.ts'
import { unknownName } from '../command-line.ts'
import { exitCodes } from '../exit-codes.ts'
import { auditLedger } from './ledger-audit.ts'
import { backupLedger } from './ledger-backup.ts'
import { exportLedger } from './ledger-export.ts'
import type { DecisionContext } from './decide/decision.ts'
import { releaseUsage } from './decide/ledger-release.ts'
import { reopenRecord } from './decide/ledger-reopen.ts'
import { resolveRecord } from './decide/ledger-resolve.ts'
import { retryRecord } from './decide/ledger-retry.ts'
import { voidUsage } from './decide/ledger-void.ts'
import { importLedger } from './ledger-import.ts'
import { migrateLedger } from './ledger-migrate.ts'
import { showLedger } from './ledger-show.ts'

export const ledgerHelp = `Shows where every unit is, and settles what needs a decision: docs/operate/ledger.md.

usage: marketplace-sidecar ledger <action> [options]
  show [--tags]                   open usage, fractions, what is held, records of the last 48 hours
  show <id>                       one record in full, also by its MeteringRecordId
  audit                           whether every unit is in one place; exit code 1 if not
  export --format csv             every record, oldest hour first; or --format jsonl
    --since <time> --until <time> only hours that start in this time, its end excluded
    --dimension <name>            only this dimension
    --decisions                   what operators decided, instead of the records
  backup <file>                   a copy of the ledger as it stands now, in a new file
  migrate [--grant-to <role>]     create or update the schema of a shared ledger in PostgreSQL
  import                          copy the ledger of the data directory into the database, once
  retry <id>                      a refused record: send it at once, unchanged
  reopen <id>                     a refused record: seal it again as today's product file says
  release <id>                    held usage: bill it with the current hour
  resolve <id> --delivered        an unresolved record: AWS has billed it
  resolve <id> --resend [--force] an unresolved record: AWS has not; bill it with a later hour
  void <id> --reason <text>       a refused record: write it off
  void --dimension <name> --quantity <number> --reason <text>   held or open usage: write it off
    --tags <key=value,...> --customer <key>   only usage with these tags, of this customer
  --yes                           all but retry: do not ask; needed where there is no terminal
  --data-dir <directory>          where the ledger is (SIDECAR_DATA_DIR, or its default)
  --json                          JSON for programs (all but export)`

type Action = (args: readonly string[], io: CliIo, clock: Clock) => Promise<number>

const actions: Readonly<Record<string, Action>> = {
  show: showLedger,
  audit: auditLedger,
  export: exportLedger,
  backup: backupLedger,
  migrate: migrateLedger,
  import: importLedger,
}

type DecisionAction = (args: readonly string[], context: DecisionContext) => Promise<number>

const decisions: Readonly<Record<string, DecisionAction>> = {
  retry: retryRecord,
  reopen: reopenRecord,
  release: releaseUsage,
  resolve: resolveRecord,
  void: voidUsage,
}

/** The command `ledger`. Resolves with the exit code. */
export function ledgerCommand(args: readonly string[], io: CliIo): Promise<number> {
  return ledger(args, io, createSystemClock())
}

/** The same with a clock and a reader of files of the caller's choice. */
export async function ledger(
  [name, ...args]: readonly string[],
  io: CliIo,
  clock: Clock,
  reader: TextReader = fileReader,
): Promise<number> {
  const isHelp = [name, ...args].some((argument) => argument === '--help' || argument === '-h')
  if (name === undefined || isHelp) {
    io.out(ledgerHelp)
    return name === undefined ? exitCodes.misconfigured : exitCodes.ok
  }
  const decide = Object.hasOwn(decisions, name) ? decisions[name] : undefined
  if (decide !== undefined) return decide(args, { io, clock, reader })
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined)
    throw unknownName(
      'ledger action',
      name,
      [...Object.keys(actions), ...Object.keys(decisions)],
      'ledger',
    )
  return action(args, io, clock)
}
