import { SidecarError, messageOf } from '../../../kernel/errors.ts'

/** PostgreSQL's code of an error; undefined for one that does not come from the server. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const code = String(error.code)
  // The system's own codes, such as EPIPE, are as long.
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** Whether the connection is gone, so that nothing it was asked has an answer. */
export function isLost(error: unknown): boolean {
  if (error instanceof SidecarError || error instanceof TypeError) return false
  const state = sqlStateOf(error)
  if (state === undefined) return isOfConnection(error)
  // 57P01 to 57P05: the server ends the session.
  return state.startsWith('08') || state.startsWith('57P')
}

/** Whether the transaction can simply run again: another one was in its way. */
export function isCollision(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlStateOf(error) ?? '')
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505'
}

/** Whether the session has not what was prepared, or has it although it was not prepared on this connection. */
export function isNotPrepared(error: unknown): boolean {
  return ['26000', '42P05'].includes(sqlStateOf(error) ?? '')
}

/** A lock or a statement took longer than allowed. */
function isTooSlow(error: unknown): boolean {
  return ['55P03', '57014'].includes(sqlStateOf(error) ?? '')
}

/** Gives a code and a way out to what the database says; leaves every other error alone. */
export function translate(error: unknown, database: string): unknown {
  if (isTooSlow(error) || isCollision(error))
    return new SidecarError(
      'LedgerBusy',
      `The database ${database} did not do this in time (${messageOf(error)}), so nothing of it was recorded. Send the same request again; look for long transactions in pg_stat_activity.`,
      { cause: error, retryAfterSeconds: 1 },
    )
  const state = sqlStateOf(error) ?? ''
  if (isLost(error) || state.startsWith('53') || state.startsWith('28') || state === '3D000')
    return new SidecarError(
      'DatabaseUnavailable',
      `The database ${database} cannot be used now (${messageOf(error)}), so nothing of this was recorded. The sidecar continues by itself when it can; send the same request again.`,
      { cause: error, retryAfterSeconds: 2 },
    )
  if (state === '25006')
    return new SidecarError(
      'DatabaseUnavailable',
      `The database ${database} accepts no writes now: it is a standby, or is being switched over. Nothing of this was recorded; the sidecar continues by itself when it can.`,
      { cause: error, retryAfterSeconds: 2 },
    )
  if (state === '42501')
    return new SidecarError(
      'DatabaseNotUsable',
      `The role of the sidecar lacks a right in the database ${database}: ${messageOf(error)}. Run "ledger migrate" with the owner's role and --grant-to, as docs/guides/postgresql.md describes.`,
      { cause: error },
    )
  return error
}

/** Errors of sockets, TLS and of the client, which has no class for them. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('syscall' in error) return true
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(?:E[A-Z]+|ERR_(?:TLS|SSL|SOCKET|STREAM)_\w+|[A-Z_]*(?:CERT|SIGNATURE|ISSUER)[A-Z_]*)$/.test(
      code,
    ) || /connection|timeout|socket|terminat|not queryable|Client was closed/i.test(error.message)
  )
}
