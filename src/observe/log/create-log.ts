import { pino, type DestinationStream } from 'pino'
import { toIso, type Clock } from '../../kernel/clock.ts'
import { linkDocs } from '../../kernel/link-docs.ts'
import { logEventTable, type Log, type LogLevel } from '../../kernel/log.ts'
import { LineOutput } from './line-output.ts'

interface LogSettings {
  readonly logLevel: LogLevel
  readonly docsUrl?: string | undefined
}

interface StandardOutput {
  readonly log: Log
  /** Writes a line, whatever the log level is. */
  readonly out: (line: string) => void
  /** Resolves when all lines are written, or soon after: the end does not wait for a reader. */
  readonly drained: () => Promise<void>
  /** Lines that were dropped since the start because no one read them. */
  readonly droppedLines: () => number
}

/** Opens standard output for the log and for other lines. No line is ever waited for. `timers` is real time. */
export function openStandardOutput(
  { logLevel, docsUrl }: LogSettings,
  timers: Clock,
): StandardOutput {
  const output = new LineOutput({
    descriptor: 1,
    timers,
    onDropped: (lines) =>
      log('log.dropped', 'No one read standard output for a while, so log lines were dropped.', {
        lines,
      }),
  })
  const log = createLog({ logLevel, docsUrl }, output, timers)
  return {
    log,
    out: (line) => output.write(`${line}\n`),
    drained: () => output.drained(),
    droppedLines: () => output.dropped,
  }
}

/** Creates a log that writes lines of JSON to `destination`. `docsUrl` is where the pages are published. */
export function createLog(
  { logLevel: level, docsUrl }: LogSettings,
  destination: DestinationStream,
  timers: Pick<Clock, 'now'>,
): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${toIso(timers.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  )
  return (event, message, fields?) => {
    logger[logEventTable[event].level]({ event, ...fields }, linkDocs(message, docsUrl))
  }
}
