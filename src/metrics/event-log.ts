import { toIso, type Clock } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'

/** A clock that is off by more than this bills usage in the wrong hour. */
const skewLimitSeconds = 60

/** The same refusal may come with every report: it has one line at once, and then one in this time. */
const refusalPauseMs = 3_600_000

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
  hooks.on('tagSetsOverflowed', ({ dimension, reports }) =>
    log(
      'usage.tags-folded',
      `${reports} reports or tag sets of ${dimension} went to the untagged bucket: AWS takes 2500 tag sets with 5 keys an hour. Use fewer distinct tags.`,
      { dimension, reports },
    ),
  )
  hooks.on('ledgerFailed', ({ message }) => log('ledger.failed', message))
  hooks.on('awsCalled', ({ operation, outcome, seconds, requestId }) =>
    log('aws.called', `${operation}: ${outcome}`, {
      operation,
      outcome,
      seconds,
      awsRequestId: requestId,
    }),
  )
  logRefusals(hooks, log, clock)
  logClockSkew(hooks, log)
}

function logRefusals(hooks: Hooks, log: Log, clock: Clock): void {
  const told = new Map<string, { readonly at: number; times: number }>()
  hooks.on('usageRefused', ({ dimension, code, requestId }) => {
    const kind = `${code} ${dimension}`
    const last = told.get(kind)
    if (last !== undefined) last.times += 1
    if (last !== undefined && clock.elapsed() < last.at + refusalPauseMs) return
    const times = last?.times ?? 1
    const what = dimension === undefined ? 'A report' : `A report of ${dimension}`
    log(
      'usage.refused',
      `${what} was refused (${code}); nothing of it was recorded. The application was told why; docs/errors.md says what to do.`,
      { code, dimension, requestId, times },
    )
    told.set(kind, { at: clock.elapsed(), times: 0 })
  })
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
