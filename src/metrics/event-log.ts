import { toIso } from '../clock.ts'
import type { Hooks } from '../hooks.ts'
import type { Log } from '../log.ts'

/** A clock that is off by more than this bills usage in the wrong hour. */
const skewLimitSeconds = 60

/** Writes a line for each event that an operator will look for; quiet while all is well. */
export function logEvents(hooks: Hooks, log: Log): void {
  hooks.on('recordSealed', ({ id, dimension, hour, quantity }) =>
    log.info('record.sealed', `${quantity} ${dimension} of ${toIso(hour)}`, { record: id }),
  )
  hooks.on('recordAttempted', ({ id, dimension, hour, quantity, outcome, meteringRecordId }) => {
    if (outcome === 'ok')
      log.info('record.accepted', `AWS accepted ${quantity} ${dimension} of ${toIso(hour)}`, {
        record: id,
        meteringRecordId,
      })
  })
  hooks.on('tagSetsOverflowed', ({ dimension, reports }) =>
    log.warn(
      'usage.tags-folded',
      `${reports} reports or tag sets of ${dimension} went to the untagged bucket: AWS takes 2500 tag sets with 5 keys an hour. Use fewer distinct tags.`,
    ),
  )
  logClockSkew(hooks, log)
}

function logClockSkew(hooks: Hooks, log: Log): void {
  let wasOff = false
  hooks.on('awsCalled', ({ clockSkewSeconds }) => {
    if (clockSkewSeconds === undefined) return
    const isOff = Math.abs(clockSkewSeconds) > skewLimitSeconds
    if (isOff && !wasOff)
      log.warn(
        'clock.skewed',
        `AWS's clock is ${Math.round(clockSkewSeconds)} s ahead of this one (less than 0: behind). Usage is billed by hours of this clock; mend the time synchronisation of the host.`,
        { clockSkewSeconds },
      )
    if (wasOff && !isOff) log.info('clock.mended', "The clock agrees with AWS's again")
    wasOff = isOff
  })
}
