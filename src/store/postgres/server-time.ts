/**
 * The server's clock, ms, which is one for all tasks and pods: what one of them keeps, the wrong clock of another
 * must not drop. Of the statement and not of the moment, so that an index can be used.
 */
export const serverNow = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint'

/** How far ahead of the server's the clock of a task or pod may date what it stores, ms. */
const mostAheadMs = 25 * 3_600_000

/** An instant of a task or pod, as it is stored: never before the server's, whose clock may be wrong too. */
export function datedSql(instant: string): string {
  return `greatest(${serverNow}, least(${instant}, ${serverNow} + ${mostAheadMs}))`
}

/** An instant in the past of a task or pod whose clock is at `at`, as far back from the server's where that is earlier. */
export function pastSql(instant: string, at: string): string {
  return `(${instant}::bigint - greatest(0, ${at}::bigint - ${serverNow}))`
}
