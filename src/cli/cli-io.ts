/** Everything outside the program that a command uses, so that it runs in tests as in a terminal. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadableStream
  /** Writes a line to standard output. */
  out(line: string): void
  /** Writes a line to standard error. */
  err(line: string): void
  /** Whether a person reads both streams on a terminal, which shows colours. */
  readonly isTerminal?: boolean
  /** Handles the signals that ask for the end: they no longer end the process at once. */
  onSignal(handler: () => void): void
  /** Ends the process at once, whatever it waits for: as a kill does. */
  abandon(): void
}
