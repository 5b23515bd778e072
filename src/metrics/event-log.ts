import { toIso, type Clock } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'

/** A clock that is off by more than this bills usage in the wrong hour. */
const skewLimitSeconds = 60

/** What may come with every report has one line at once, and then one in this time. */
const reportPauseMs = 3_600_000

/** Writes a line for each event that an operator will look for; quiet while all is well. */
export function logEvents(hooks: Hooks, log: Log, clock: Clock): void {
  hooks.on('recordSealed', ({ id, dimension, hour, quantity }) =>
    log('record.sealed', `${quantity} ${dimension} of ${toIso(hour)}`, {
      record: id,
      dimension,
      hour: toIso(hour),
      quantity,
    }),
  )
  hooks.on('recordAttempted', ({ id, dimension, hour, quantity, outcome, meteringRecordId }) => {
    if (outcome === 'ok')
      log('record.accepted', `AWS accepted ${quantity} ${dimension} of ${toIso(hour)}`, {
        record: id,
        dimension,
        hour: toIso(hour),
        quantity,
        meteringRecordId,
      })
  })
  hooks.on('ledgerFailed', ({ message }) => log('ledger.failed', message))
  hooks.on('awsCalled', ({ operation, outcome, seconds, requestId }) =>
    log('aws.called', `${operation}: ${outcome}`, {
      operation,
      outcome,
      seconds,
      awsRequestId: requestId,
    }),
  )
  logReports(hooks, log, clock)
  logClockSkew(hooks, log)
}

function logReports(hooks: Hooks, log: Log, clock: Clock): void {
  const told = new Map<string, { readonly at: number; times: number }>()
  const tell = (kind: string, times: number, write: (timesSince: number) => void) => {
    const last = told.get(kind)
    const since = (last?.times ?? 0) + times
    const isNews = last === undefined || clock.elapsed() >= last.at + reportPauseMs
    told.set(kind, isNews ? { at: clock.elapsed(), times: 0 } : { ...last, times: since })
    if (isNews) write(since)
  }
  hooks.on('usageRefused', ({ dimension, code, requestId }) =>
    tell(`${code} ${dimension}`, 1, (times) => {
      const what = dimension === undefined ? 'A report' : `A report of ${dimension}`
      log(
        'usage.refused',
        `${what} was refused (${code}); nothing of it was recorded. The application was told why; docs/errors.md says what to do.`,
        { code, dimension, requestId, times },
      )
    }),
  )
  hooks.on('tagSetsOverflowed', ({ dimension, reports: folded }) =>
    tell(`tags ${dimension}`, folded, (reports) =>
      log(
        'usage.tags-folded',
        `${reports} reports or tag sets of ${dimension} went to the untagged bucket: AWS takes 2500 tag sets with 5 keys an hour. Use fewer distinct tags.`,
        { dimension, reports },
      ),
    ),
  )
}

function logClockSkew(hooks: Hooks, log: Log): void {
  let wasOff = false
  hooks.on('awsCalled', ({ clockSkewSeconds }) => {
    if (clockSkewSeconds === undefined) return
    const isOff = Math.abs(clockSkewSeconds) > skewLimitSeconds
    if (isOff && !wasOff)
      log(
        'clock.skewed',
        `AWS's clock is ${Math.round(clockSkewSeconds)} s ahead of this one (less than 0: behind). Usage is billed by hours of this clock; mend the time synchronisation of the host.`,
        { clockSkewSeconds },
      )
    if (wasOff && !isOff) log('clock.mended', "The clock agrees with AWS's again")
    wasOff = isOff
  })
}
