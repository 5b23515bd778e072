import { createSystemClock, type Clock } from '../../kernel/clock.ts'
import { SidecarError } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { auditLedger } from './ledger-audit.ts'
import { backupLedger } from './ledger-backup.ts'
import { exportLedger } from './ledger-export.ts'
import { resolveRecord } from './ledger-resolve.ts'
import { retryRecord } from './ledger-retry.ts'
import { showLedger } from './ledger-show.ts'

export const ledgerHelp = `Says where every unit is, and settles what needs a decision.

usage: marketplace-sidecar ledger <action> [options]

  show [--tags]                   open usage, fractions, records of the last 48 hours
  show <id>                       one record in full, also by its MeteringRecordId
  audit                           whether reported = open + fraction + records; exit code 1 if not
  export --format csv|jsonl       every record, oldest hour first
    --since <time>                only hours that start at this time or later
    --until <time>                only hours that start before it, such as 2026-03-10T09:00:00Z
    --dimension <name>            only this dimension
  backup <file>                   a copy of the ledger as it stands now, in a new file
  resolve <id> --delivered        an unresolved record: AWS has billed it
  resolve <id> --resend           an unresolved record: AWS has not; bill it with a later hour
  retry <id>                      a refused record: send it at once

  --data-dir <directory>          where the ledger is (SIDECAR_DATA_DIR, or its default)
  --json                          JSON for programs (all but export)
  --help                          this text

It works beside a running sidecar and without one; only resolve and retry change anything.
docs/ledger.md tells what the words mean and what to do with refused and unresolved records.`

type Action = (args: readonly string[], io: CliIo, clock: Clock) => Promise<number>

const actions: Readonly<Record<string, Action>> = {
  show: showLedger,
  audit: auditLedger,
  export: exportLedger,
  backup: backupLedger,
  resolve: resolveRecord,
  retry: retryRecord,
}

/** The command `ledger`. Resolves with the exit code. */
export function ledgerCommand(args: readonly string[], io: CliIo): Promise<number> {
  return ledger(args, io, createSystemClock())
}

/** The same with a clock of the caller's choice. */
export async function ledger(
  [name, ...args]: readonly string[],
  io: CliIo,
  clock: Clock,
): Promise<number> {
  if (name === undefined || name === '--help' || args.includes('--help')) {
    io.out(ledgerHelp)
    return name === undefined ? exitCodes.misconfigured : exitCodes.ok
  }
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined)
    throw new SidecarError(
      'InvalidArguments',
      `ledger has no action ${JSON.stringify(name)}; there are ${Object.keys(actions).join(', ')}. "ledger --help" tells more.`,
    )
  return action(args, io, clock)
}
