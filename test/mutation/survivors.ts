interface AcceptedSurvivor {
  readonly file: string
  /** Words of its line. */
  readonly line: string
  /** Stryker's names of the changes that may live. */
  readonly mutators: readonly string[]
  /** What it may become; anything that these make of it when absent. */
  readonly to?: string
  readonly reason: string
}

const onlyAsAnotherUser =
  'Needs a user who may only read the folder. test/unit/ledger/file.test.ts does that in a process of its own, to which no mutant comes.'

const shortWay =
  'Reports without keys go the longer way then, which records the same and only takes longer.'

const addedUp =
  'Reports that are recorded one by one have the effect of those that are added up first, and only take longer.'

/** Mutants that no test can or should kill. */
export const acceptedSurvivors: readonly AcceptedSurvivor[] = [
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'whole === undefined &&',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason: shortWay,
  },
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'reports.every(({ idempotencyKey })',
    mutators: ['ArrowFunction'],
    reason: shortWay,
  },
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'reports.every(({ idempotencyKey })',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason: shortWay,
  },
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'if (reports.length === 1) return reports.map(',
    mutators: ['ConditionalExpression', 'EqualityOperator'],
    reason: addedUp,
  },
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'return report.tags === untagged && place.account',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason: addedUp,
  },
  {
    file: 'src/ledger/reporting/report-usage.ts',
    line: 'return report.tags === untagged && place.account',
    mutators: ['StringLiteral'],
    reason: addedUp,
  },
  {
    file: 'src/ledger/reporting/check-reports.ts',
    line: 'if (reports.length === 1 && only !== undefined)',
    mutators: ['ConditionalExpression'],
    reason: 'The sum of one report is the report. It is only checked faster without a map.',
  },
  {
    file: 'src/ledger/reporting/usage-by-dimension.ts',
    line: 'if (report === undefined) continue',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason: 'Each receipt is that of a report. Only the compiler needs to be told.',
  },
  {
    file: 'src/ledger/ledger.ts',
    line: 'owner?.firstSeenAt ?? clock.now()',
    mutators: ['OptionalChaining'],
    reason: 'The book was given an owner a moment before. Only the compiler needs to be told.',
  },
  {
    file: 'src/ledger/readings/count-streams.ts',
    line: 'const others = before === undefined ?',
    mutators: ['ArrayDeclaration'],
    reason: 'What Stryker puts into the list has no instant, so that it overlaps nothing.',
  },
  ...[
    {
      file: 'src/ledger/decisions/write-off.ts',
      line: 'cell.quantity < left ?',
      to: 'cell.quantity <= left',
    },
    {
      file: 'src/ledger/page/page.ts',
      line: 'quantity < left ?',
      to: 'quantity <= left',
    },
  ].map((change) => ({
    ...change,
    mutators: ['EqualityOperator'],
    reason: 'The smaller of two equal quantities is either of them.',
  })),
  {
    file: 'src/metering/cell.ts',
    line: 'a.tags < b.tags',
    mutators: ['EqualityOperator'],
    to: 'a.tags <= b.tags',
    reason: 'The tag sets are the keys of a map, so that no two of them are equal.',
  },
  {
    file: 'src/ledger/readings/report-reading.ts',
    line: "report.member === undefined ? ''",
    mutators: ['StringLiteral'],
    reason: 'Only the key of a member contains it, and a report of a member has one.',
  },
  {
    file: 'src/ledger/reporting/check-reports.ts',
    line: 'if (reports.length === 1 && only !== undefined)',
    mutators: ['EqualityOperator'],
    to: 'only === undefined',
    reason: shortWay,
  },
  {
    file: 'src/ledger/sealing/seal-hours.ts',
    line: 'from: open.hour + hourMs }',
    mutators: ['ArithmeticOperator'],
    reason: 'An hour that the customer has under another form is passed over in any case.',
  },
  {
    file: 'src/channels/attempt-log.ts',
    line: 'movedAdvice(failure?.kind',
    mutators: ['OptionalChaining'],
    reason: 'A record moves on after a failure alone. Only the compiler needs to be told.',
  },
  {
    file: 'src/ledger/sealing/seal-hours.ts',
    line: 'return closed.length > 0',
    mutators: ['ConditionalExpression', 'EqualityOperator'],
    to: 'true',
    reason: 'What is due is read once more then, and is the same.',
  },
  {
    file: 'src/ledger/sealing/guard-hours.ts',
    line: 'first === undefined || limit === undefined',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason: 'A group of hours has a first one. Only the compiler needs to be told.',
  },
  {
    file: 'src/store/sqlite/sqlite-reader.ts',
    line: 'this.#records.byId(id) ?? []',
    mutators: ['ArrayDeclaration'],
    reason: 'The ids were read in the same turn of the event loop, so that each has its record.',
  },
  {
    file: 'src/metering/reading.ts',
    line: "case 'max':",
    mutators: ['ConditionalExpression'],
    reason:
      'Falls to what follows, the rise of the last reading: an hour of max has one of each tag set, from nothing.',
  },
  {
    file: 'src/metering/reading.ts',
    line: 'readings[0]?.quantity',
    mutators: ['OptionalChaining'],
    reason: 'A group of readings has a first one. Only the compiler needs to be told.',
  },
  {
    file: 'src/store/sqlite/file/disk.ts',
    line: 'if (this.#walBytes < needed)',
    mutators: ['ConditionalExpression', 'EqualityOperator'],
    reason: 'A file that is long enough stays as it is, and is only asked for its length.',
  },
  {
    file: 'src/channels/calls-within-bytes.ts',
    line: "identity?.value ?? ''",
    mutators: ['StringLiteral'],
    reason: 'A record without a customer is alone in its call, however large.',
  },
  {
    file: 'src/ledger/page-commits.ts',
    line: 'page?.assignIds(ids)',
    mutators: ['OptionalChaining'],
    reason:
      'A transaction that has ids has run the rules on a page. Only the compiler needs to be told.',
  },
  {
    file: 'src/store/sqlite/file/disk.ts',
    line: 'this.#limitBytes === Number.POSITIVE_INFINITY',
    mutators: ['ConditionalExpression'],
    to: 'false',
    reason:
      'Nothing is above a limit that is infinite. Without one the size of the file is not asked for.',
  },
  {
    file: 'src/metering/counter.ts',
    line: 'startedAt !== undefined && before !== undefined',
    mutators: ['ConditionalExpression', 'LogicalOperator'],
    reason: 'No number is larger than an unknown one. Only the compiler needs to be told.',
  },
  {
    file: 'src/metering/quantity.ts',
    line: 'if (value >= exactFractionLimit)',
    mutators: ['EqualityOperator'],
    to: 'value > exactFractionLimit',
    reason: 'The limit is an integer, and integers do not come that far.',
  },
  {
    file: 'src/store/sqlite/file/open-database.ts',
    line: "writeFileSync(probe, ''",
    mutators: ['StringLiteral', 'ObjectLiteral'],
    reason:
      'The name was removed a moment before, and the file is removed a moment later: only who writes into the directory between them sees a difference.',
  },
  {
    file: 'src/store/sqlite/file/open-database.ts',
    line: "database.exec('PRAGMA wal_checkpoint(TRUNCATE)')",
    mutators: ['StringLiteral', 'ArrowFunction', 'CallExpression'],
    reason: 'Closing does the same. Only a disk that fails in that moment sees a difference.',
  },
  {
    file: 'src/store/sqlite/file/set-aside.ts',
    line: 'const names = readdirSync(dirname(path))',
    mutators: ['Regex'],
    to: '/-(wal|shm)/',
    reason: 'The names that are given here have these words at their end alone.',
  },
  ...[
    'existsSync(`${path}-wal`)) return connect',
    "'mode=ro&vfs=unix-none'",
    'locking_mode = EXCL',
  ].map((line) => ({
    file: 'src/store/sqlite/file/commands/book-file.ts',
    line,
    mutators: ['ConditionalExpression', 'BooleanLiteral', 'StringLiteral', 'CallExpression'],
    reason: onlyAsAnotherUser,
  })),
  {
    file: 'src/store/sqlite/file/commands/book-file.ts',
    line: 'function connectWithoutSharedMemory(',
    mutators: ['BlockStatement'],
    reason: onlyAsAnotherUser,
  },
  {
    file: 'src/store/sqlite/file/file-identity.ts',
    line: 'file === undefined || now === undefined || copied === undefined',
    mutators: ['ConditionalExpression', 'LogicalOperator'],
    reason: 'Both files are there. Only the compiler needs to be told.',
  },
  {
    file: 'src/store/sqlite/file/file-identity.ts',
    line: 'copy.exec(',
    mutators: ['StringLiteral', 'CallExpression'],
    reason: 'Closing the copy does the same, and waits for the disk once more.',
  },
  {
    file: 'src/store/sqlite/open-sqlite-store.ts',
    line: 'found !== undefined',
    mutators: ['ConditionalExpression'],
    reason: 'The file was opened a moment before. Only the compiler needs to be told.',
  },
  {
    file: 'src/store/sqlite/file/commands/backup-book.ts',
    line: 'rmSync(drafts,',
    mutators: ['BooleanLiteral'],
    reason:
      'Only where someone else removed the drafts: what the backup itself says must not be lost then.',
  },
  {
    file: 'src/store/sqlite/migrations/from-schema-1.ts',
    line: "const { channel } = slotOf(anyAccount, '')",
    mutators: ['StringLiteral'],
    reason: 'Only the channel of the slot is read, which is the same for every task or pod.',
  },
]
