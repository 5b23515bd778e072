/** What a command has of the outside world, so that it runs in tests as it does in a terminal. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadableStream
  /** Writes a line to standard output. */
  out(line: string): void
  /** Writes a line to standard error. */
  err(line: string): void
  /** Takes over both signals: the process ends by them no more. */
  onSignal(handler: (signal: 'SIGINT' | 'SIGTERM') => void): void
}
