export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

interface LogEventRow {
  readonly level: Exclude<LogLevel, 'silent'>
  /** Members of its line in addition to `level`, `time`, `event` and `msg`. */
  readonly fields: readonly string[]
}

/**
 * Every event that the log has a line for. Operators search and alarm by the names and fields, so these
 * do not change. No field holds a token, a secret, or what the application sent.
 */
export const logEventTable = {
  'sidecar.started': {
    level: 'info',
    fields: ['version', 'app', 'ops', 'platform', 'resource', 'region'],
  },
  'sidecar.start-failed': { level: 'error', fields: ['code'] },
  'sidecar.draining': { level: 'info', fields: [] },
  'sidecar.stopped': {
    level: 'info',
    fields: ['unsentRecords', 'open', 'fraction', 'held', 'records'],
  },
  'sidecar.stopped-unopened': { level: 'warn', fields: [] },
  'sidecar.overdue': { level: 'error', fields: [] },
  'sidecar.flush-failed': { level: 'error', fields: [] },
  'platform.warning': { level: 'warn', fields: [] },
  'ledger.away': { level: 'error', fields: ['code'] },
  'ledger.opening': { level: 'warn', fields: [] },
  'ledger.back': { level: 'info', fields: [] },
  'platform.unknown': { level: 'error', fields: ['platform'] },
  'platform.credentials': { level: 'warn', fields: [] },
  'entitlement.entitled': { level: 'info', fields: ['from', 'to', 'code'] },
  'entitlement.denied': { level: 'error', fields: ['from', 'to', 'code'] },
  'entitlement.denied-by-iam': { level: 'error', fields: ['from', 'to', 'code'] },
  'entitlement.unreachable': { level: 'warn', fields: ['from', 'to', 'code'] },
  'entitlement.grace': { level: 'warn', fields: ['from', 'to', 'code'] },
  'entitlement.other-reason': { level: 'warn', fields: ['code', 'attempt', 'delayMs'] },
  'entitlement.retry': { level: 'debug', fields: ['code', 'attempt', 'delayMs'] },
  'entitlement.warning': { level: 'warn', fields: [] },
  'entitlement.failed': { level: 'error', fields: [] },
  'entitlement.not-remembered': { level: 'warn', fields: [] },
  'entitlement.key-rotation': { level: 'warn', fields: ['at', 'version'] },
  'entitlement.key-rotation-failed': { level: 'error', fields: ['code'] },
  'entitlement.key-in-use': { level: 'info', fields: ['version'] },
  'usage.refused': { level: 'warn', fields: ['code', 'dimension', 'requestId', 'times'] },
  'usage.perhaps-repeated': { level: 'warn', fields: ['dimension', 'hour', 'requestId', 'times'] },
  'usage.tags-folded': { level: 'warn', fields: ['dimension', 'reports'] },
  'usage.held': { level: 'error', fields: ['dimension', 'hour', 'quantity', 'reason', 'limit'] },
  'usage.held-at-end': { level: 'error', fields: ['held'] },
  'operator.decided': {
    level: 'warn',
    fields: ['action', 'id', 'dimension', 'hour', 'quantity', 'reason'],
  },
  'operator.not-read': { level: 'warn', fields: [] },
  'source.failed': { level: 'warn', fields: ['source', 'outcome', 'times'] },
  'source.counter-lost': { level: 'warn', fields: ['dimension', 'series', 'outcome', 'times'] },
  'record.sealed': { level: 'info', fields: ['record', 'dimension', 'hour', 'quantity'] },
  'record.accepted': {
    level: 'info',
    fields: ['record', 'dimension', 'hour', 'quantity', 'meteringRecordId'],
  },
  'record.failed': {
    level: 'warn',
    fields: ['record', 'dimension', 'hour', 'code', 'state', 'awsRequestId'],
  },
  'record.failed-again': {
    level: 'debug',
    fields: ['record', 'dimension', 'hour', 'code', 'state', 'awsRequestId'],
  },
  'record.moved': { level: 'warn', fields: ['record', 'dimension', 'hour', 'code'] },
  'record.untagged': { level: 'warn', fields: ['record', 'dimension', 'hour', 'code'] },
  'record.reopened': { level: 'warn', fields: ['record', 'dimension', 'hour', 'code'] },
  'record.unresolved': { level: 'error', fields: ['record', 'dimension', 'hour', 'code'] },
  'record.not-stored': { level: 'error', fields: ['record'] },
  'records.not-read': { level: 'error', fields: [] },
  'seal.failed': { level: 'error', fields: [] },
  'ledger.set-aside': { level: 'error', fields: ['path', 'reason'] },
  'ledger.lock-garbage': { level: 'warn', fields: ['path'] },
  'ledger.file-changed': { level: 'warn', fields: ['inode', 'device', 'formerInode'] },
  'ledger.network-file-system': { level: 'warn', fields: [] },
  'ledger.adopted': { level: 'warn', fields: ['from'] },
  'ledger.not-taken-over': { level: 'warn', fields: [] },
  'ledger.lease-lost': { level: 'warn', fields: [] },
  'ledger.retired': { level: 'warn', fields: ['dimension', 'productCode', 'divisor'] },
  'ledger.imbalance': { level: 'error', fields: ['dimension', 'microUnits'] },
  'ledger.shared-id': { level: 'error', fields: ['meteringRecordId', 'records'] },
  'ledger.failed': { level: 'error', fields: [] },
  'clock.skewed': { level: 'warn', fields: ['clockSkewSeconds'] },
  'clock.mended': { level: 'info', fields: [] },
  'aws.called': {
    level: 'debug',
    fields: ['operation', 'outcome', 'seconds', 'awsRequestId'],
  },
  'http.failed': { level: 'error', fields: ['route', 'requestId', 'error'] },
  'log.dropped': { level: 'warn', fields: ['lines'] },
  'metrics.not-written': { level: 'warn', fields: [] },
  'hooks.failed': { level: 'error', fields: [] },
} as const satisfies Readonly<Record<string, LogEventRow>>

export type LogEvent = keyof typeof logEventTable

type Fields<E extends LogEvent> = (typeof logEventTable)[E]['fields'][number]

type Line<E extends LogEvent> = [Fields<E>] extends [never]
  ? [event: E, message: string]
  : [event: E, message: string, fields: Readonly<Record<Fields<E>, unknown>>]

/** Writes one line for an event: a sentence for the operator, and exactly the event's fields. */
export type Log = (...line: { [E in LogEvent]: Line<E> }[LogEvent]) => void
