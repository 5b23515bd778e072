import { pino, type DestinationStream } from 'pino'
import type { Clock } from '../../kernel/clock.ts'
import { logEventTable, type Log, type LogLevel } from '../../kernel/log.ts'
import { LineOutput } from './line-output.ts'

export interface StandardOutput {
  readonly log: Log
  /** Writes a line, whatever the log level is. */
  readonly out: (line: string) => void
  /** Resolves when all lines are written, or soon after: the end does not wait for a reader. */
  readonly drained: () => Promise<void>
  /** Lines that were dropped since the start because nobody read them. */
  readonly droppedLines: () => number
}

/** Opens standard output for the log and for other lines. No line is ever waited for. `timers` is real time. */
export function openStandardOutput(level: LogLevel, timers: Clock): StandardOutput {
  const output = new LineOutput({
    descriptor: 1,
    timers,
    onDropped: (lines) =>
      log('log.dropped', 'Standard output accepted nothing, and lines were dropped', { lines }),
  })
  const log = createLog(level, output)
  return {
    log,
    out: (line) => output.write(`${line}\n`),
    drained: () => output.drained(),
    droppedLines: () => output.dropped,
  }
}

/** Creates a log that writes lines of JSON to `destination`. */
export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  )
  return (event, message, fields?) => {
    logger[logEventTable[event].level]({ event, ...fields }, message)
  }
}
