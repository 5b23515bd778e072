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

/** Mutants that no test can or should kill. */
export const acceptedSurvivors: readonly AcceptedSurvivor[] = [
  {
    file: 'src/metering/cell.ts',
    line: 'a.tags < b.tags',
    mutators: ['EqualityOperator'],
    to: 'a.tags <= b.tags',
    reason: 'The tag sets are the keys of a map, so that no two of them are equal.',
  },
  {
    file: 'src/metering/counter.ts',
    line: 'startedAt !== undefined && before !== undefined',
    mutators: ['ConditionalExpression', 'LogicalOperator'],
    reason: 'No number is larger than an unknown one. Only the compiler needs to be told.',
  },
]
