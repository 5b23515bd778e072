interface ExitRow {
  /** Which of the program's exit codes it ends with. */
  readonly exit: 'failed' | 'misconfigured' | 'storage' | 'ledgerFailed'
  /** What happened and what to do, in Markdown, for docs/reference/errors.md. */
  readonly happened: string
  readonly todo: string
}

/** Every error code that the program or one of its commands ends with. */
export const exitTable = {
  InvalidSettings: {
    exit: 'misconfigured',
    happened: 'One or more `SIDECAR_*` settings are wrong; the message lists every one',
    todo: 'See [configuration.md](../reference/configuration.md)',
  },
  InvalidProductFile: {
    exit: 'misconfigured',
    happened: "The product file can't be read or is wrong",
    todo: 'See [configuration.md](../reference/configuration.md)',
  },
  InvalidArguments: {
    exit: 'misconfigured',
    happened: 'A command or option does not exist or has a wrong value',
    todo: 'Run `marketplace-sidecar --help`',
  },
  OutputFailed: {
    exit: 'failed',
    happened:
      'Standard output cannot be written, such as to a file on a full disk; what the command has changed stands',
    todo: 'Check with `ledger show` before you repeat a decision',
  },
  DataDirectoryUnusable: {
    exit: 'storage',
    happened: '`SIDECAR_DATA_DIR` is not writable',
    todo: "Mount a volume that the container's user can write to",
  },
  LedgerInUse: {
    exit: 'storage',
    happened: 'Another sidecar uses this data directory',
    todo: 'Give each task or pod its own volume',
  },
  LedgerTooNew: {
    exit: 'storage',
    happened: 'A newer version wrote the ledger',
    todo: 'Run that version or a later one',
  },
  LedgerTooOld: {
    exit: 'failed',
    happened:
      'An earlier version wrote the ledger, and the command `ledger` never changes the schema',
    todo: 'Start the new sidecar once; it upgrades the file',
  },
  LedgerImported: {
    exit: 'storage',
    happened: 'The ledger was imported into a database and continues there',
    todo: 'Set `SIDECAR_DATABASE_URL_FILE`; if `ledger import` did not end, run it again',
  },
  LedgerNotImported: {
    exit: 'failed',
    happened: 'The ledger does not fit into the database, which was left as it was',
    todo: 'Do what the message says',
  },
  LedgerFailed: {
    exit: 'ledgerFailed',
    happened:
      'A flush to disk failed; what the sidecar acknowledged is on the disk, unless its files were deleted',
    todo: 'Check the disk, then start it again; the start recovers the ledger',
  },
  ListenFailed: {
    exit: 'failed',
    happened:
      'A listener cannot have its address: the port is already in use, or the address is not of this machine',
    todo: 'Stop the program that uses the port, or choose another address with the option that the message names',
  },
  LedgerNotFound: {
    exit: 'failed',
    happened: 'The command `ledger` found no ledger in the directory',
    todo: 'Name the right one with `--data-dir`',
  },
  LedgerDamaged: {
    exit: 'failed',
    happened: "The command `ledger` can't read the file",
    todo: 'Keep a copy; the sidecar sets the file aside at its next start',
  },
  LedgerBusy: {
    exit: 'failed',
    happened: 'The command `ledger` could not write for 5 seconds',
    todo: 'Run it again',
  },
  DatabaseUnavailable: {
    exit: 'storage',
    happened: 'The database of the ledger cannot be reached, or accepts no writes',
    todo: 'Check the address, the network and the login; run `doctor`',
  },
  DatabaseNotUsable: {
    exit: 'storage',
    happened: '`synchronous_commit` or `fsync` is off in the database, or the role lacks a right',
    todo: 'Do what the message says',
  },
  DatabaseOutcomeUnknown: {
    exit: 'failed',
    happened: 'The connection to the database broke in the commit of a `ledger` command',
    todo: 'Check with `ledger show` whether it took effect before you repeat it',
  },
  DatabaseNotMigrated: {
    exit: 'storage',
    happened: 'The database has no schema `marketplace_sidecar`, or an older one',
    todo: "Run `ledger migrate` with the role of the schema's owner",
  },
  LedgerImbalanced: {
    exit: 'failed',
    happened: 'A change would have lost units, so it was not made; this is a defect',
    todo: 'Keep the data directory and report it',
  },
  RecordNotFound: {
    exit: 'failed',
    happened: 'No record has this id',
    todo: '`ledger show` and `ledger export` list the ids',
  },
  HeldNotFound: {
    exit: 'failed',
    happened: 'No usage is held under this id',
    todo: '`ledger show` lists the ids',
  },
  UsageNotFound: {
    exit: 'failed',
    happened: 'Less usage is held or open than the command would write off',
    todo: '`ledger show --tags` lists it',
  },
  OperatorNotAllowed: {
    exit: 'failed',
    happened: 'The product file of this image does not allow the decision',
    todo: 'Ask the seller, who can allow it with `operator`',
  },
  RecordWindowOpen: {
    exit: 'failed',
    happened: 'AWS still accepts the record that `resolve --resend` would bill again',
    todo: 'Wait until the time in the message, or add `--force`',
  },
  RecordStateMismatch: {
    exit: 'failed',
    happened: "The action does not apply to the record's state",
    todo: 'See [ledger.md](../operate/ledger.md)',
  },
} as const satisfies Readonly<Record<string, ExitRow>>
