import { toIso, type Clock } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { formatQuantity, toNumber } from '../../metering/quantity.ts'
import type { Log } from '../../kernel/log.ts'

/** Far less than the five minutes at which AWS refuses what this clock signs. */
const skewLimitSeconds = 60

/** How often an event that may come with every report is logged, after its first line. */
const reportPauseMs = 3_600_000

/** Writes a line for each event that an operator will look for, and nothing while all is well. */
export function logEvents(events: Events, log: Log, clock: Clock): void {
  events.on('recordSealed', ({ id, dimension, hour, quantity }) =>
    log('record.sealed', `${formatQuantity(quantity)} ${dimension} of ${toIso(hour)}`, {
      record: id,
      dimension,
      hour: toIso(hour),
      quantity: toNumber(quantity),
    }),
  )
  events.on('recordAttempted', ({ id, dimension, hour, quantity, outcome, meteringRecordId }) => {
    if (outcome === 'ok')
      log(
        'record.accepted',
        `AWS accepted ${formatQuantity(quantity)} ${dimension} of ${toIso(hour)}`,
        {
          record: id,
          dimension,
          hour: toIso(hour),
          quantity: toNumber(quantity),
          meteringRecordId,
        },
      )
  })
  events.on('usageHeld', ({ dimension, hour, quantity, reason, limit }) =>
    log(
      'usage.held',
      `${formatQuantity(quantity)} ${dimension} of ${toIso(hour)} are held: ${limit === undefined ? 'AWS no longer accepts the hour' : `the product file says at most ${formatQuantity(limit)} an hour`}. They are not billed until an operator decides; docs/operate/ledger.md says how.`,
      {
        dimension,
        hour: toIso(hour),
        quantity: formatQuantity(quantity),
        reason,
        limit: limit === undefined ? undefined : formatQuantity(limit),
      },
    ),
  )
  events.on('decisionMade', ({ action, id, dimension, hour, quantity, reason }) =>
    log('operator.decided', `An operator decided ${action}: ${quantity} ${dimension}`, {
      action,
      id,
      dimension,
      hour: hour === null ? null : toIso(hour),
      quantity,
      reason,
    }),
  )
  events.on('ledgerFailed', ({ message }) => log('ledger.failed', message))
  events.on('awsCalled', ({ operation, outcome, seconds, requestId }) =>
    log('aws.called', `${operation}: ${outcome}`, {
      operation,
      outcome,
      seconds,
      awsRequestId: requestId,
    }),
  )
  logReports(events, log, clock)
  logClockSkew(events, log)
}

/** What became of a counter that did not simply rise. */
const outcomeInWords = {
  restarted: 'belongs to a new process, and all that it shows is counted',
  baseline: 'is read for the first time, and counting begins at what it shows',
  fell: 'shows less than before without a newer start: counting begins again at what it shows, and what came between is not counted',
  skipped: 'is not counted: there are more counters than SIDECAR_MAX_READINGS',
  overlaps:
    'comes from a second process with the same name: counting begins when it comes again. Give each process its own service.instance.id',
} as const

/** The report may be in the ledger after these, so the line must not invite anyone to report it anew. */
const codesOfUnknownOutcome = ['InternalError', 'LedgerFailed', 'DatabaseOutcomeUnknown']

function recordedOf(code: string): string {
  return codesOfUnknownOutcome.includes(code)
    ? 'whether it was recorded is unknown, and without its idempotency key a repeat can count twice'
    : 'no part of it was recorded'
}

function logReports(events: Events, log: Log, clock: Clock): void {
  const written = new Map<string, { readonly at: number; readonly times: number }>()
  const writeRarely = (kind: string, times: number, write: (timesSince: number) => void) => {
    const last = written.get(kind)
    const since = (last?.times ?? 0) + times
    const isNews = last === undefined || clock.elapsed() >= last.at + reportPauseMs
    written.set(kind, isNews ? { at: clock.elapsed(), times: 0 } : { ...last, times: since })
    if (isNews) write(since)
  }
  events.on('usageRefused', ({ dimension, code, requestId }) =>
    writeRarely(`${code} ${dimension}`, 1, (times) => {
      const what = dimension === undefined ? 'A report' : `A report of ${dimension}`
      log(
        'usage.refused',
        `${what} was refused (${code}); ${recordedOf(code)}. The answer gave the application the reason; docs/reference/errors.md says what to do.`,
        { code, dimension, requestId, times },
      )
    }),
  )
  events.on('callRepeated', ({ dimension, hour, requestId }) =>
    writeRarely(`repeated ${dimension}`, 1, (times) =>
      log(
        'usage.perhaps-repeated',
        `A MeterUsage call for ${dimension} equals an earlier one of its hour and has neither a ClientToken nor an invocation id, so both were counted. An SDK that repeats a lost call would be billed twice: send a ClientToken, or set SIDECAR_METER_USAGE_CALLS to hourly.`,
        { dimension, hour: toIso(hour), requestId, times },
      ),
    ),
  )
  events.on('sourceRead', ({ source, outcome, reason }) => {
    if (outcome !== 'ok')
      writeRarely(`source ${source} ${outcome}`, 1, (times) =>
        log(
          'source.failed',
          `The source ${source} gave no usage: ${reason}. Nothing is lost as long as the application keeps counting.`,
          { source, outcome, times },
        ),
      )
  })
  events.on('countersRead', ({ counted }) => {
    for (const { dimension, series, outcome } of counted)
      if (outcome !== 'counted')
        writeRarely(`counter ${dimension} ${outcome}`, 1, (times) =>
          log(
            'source.counter-lost',
            `The counter ${series} of ${dimension} ${outcomeInWords[outcome]}.`,
            { dimension, series, outcome, times },
          ),
        )
  })
  events.on('tagSetsOverflowed', ({ dimension, reports: folded }) =>
    writeRarely(`tags ${dimension}`, folded, (reports) =>
      log(
        'usage.tags-folded',
        `${reports} reports or tag sets of ${dimension} went to the untagged bucket: AWS accepts ${awsLimits.allocations} tag sets with ${awsLimits.distinctTagKeys} keys an hour, in 1 MiB. Use fewer or shorter tags.`,
        { dimension, reports },
      ),
    ),
  )
}

function logClockSkew(events: Events, log: Log): void {
  let wasOff = false
  events.on('awsCalled', ({ clockSkewSeconds }) => {
    if (clockSkewSeconds === undefined) return
    const isOff = Math.abs(clockSkewSeconds) > skewLimitSeconds
    if (isOff && !wasOff)
      log(
        'clock.skewed',
        `AWS's clock is ${Math.abs(Math.round(clockSkewSeconds))} s ${clockSkewSeconds < 0 ? 'behind' : 'ahead of'} this one. The sidecar counts hours by AWS's clock while AWS answers; fix the time synchronization of the host.`,
        { clockSkewSeconds },
      )
    if (wasOff && !isOff) log('clock.mended', "This clock agrees with AWS's again.")
    wasOff = isOff
  })
}
