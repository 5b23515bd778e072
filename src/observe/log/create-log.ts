import { pino, type DestinationStream } from 'pino'
import { logEventTable, type Log, type LogLevel } from '../../kernel/log.ts'

/** Creates a log that writes lines of JSON to standard output, or to `destination`. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination ?? openStandardOutput(),
  )
  return (event, message, fields?) => {
    logger[logEventTable[event].level]({ event, ...fields }, message)
  }
}

const mostWaitingBytes = 1_048_576

/** Opens standard output so that a line that cannot be written, on a full disk for example, never stops the work. */
function openStandardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, maxLength: mostWaitingBytes })
  output.on('error', () => {})
  return output
}
