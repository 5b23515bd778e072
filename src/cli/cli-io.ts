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
  /** Handles both signals: they no longer end the process. */
  onSignal(handler: (signal: 'SIGINT' | 'SIGTERM') => void): void
}
