import { logEventTable, type Log, type LogEvent } from '../../src/kernel/log.ts'

export interface RecordedLine {
  readonly level: string
  readonly event: LogEvent
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that is kept in memory: every line of `level` info and above. */
export function createRecordedLog(): { readonly log: Log; readonly lines: RecordedLine[] } {
  const lines: RecordedLine[] = []
  const log: Log = (...[event, message, fields = {}]) => {
    const { level } = logEventTable[event]
    if (level !== 'debug') lines.push({ level, event, message, fields })
  }
  return { log, lines }
}
