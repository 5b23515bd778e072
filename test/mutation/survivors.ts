interface AcceptedSurvivor {
  readonly file: string
  /** Words of its line. */
  readonly line: string
  /** Stryker's names of the changes that may live. */
  readonly mutators: readonly string[]
  readonly reason: string
}

/** Mutants that no test can or should kill. */
export const acceptedSurvivors: readonly AcceptedSurvivor[] = []
