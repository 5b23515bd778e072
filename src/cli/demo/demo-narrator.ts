import { formatQuantity } from '../../metering/quantity.ts'
import { toIso } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'

/** Prints what the sidecar does, in plain lines. */
export function narrate(events: Events, out: (line: string) => void): void {
  const hour = (instant: number) => `${toIso(instant).slice(0, 13)}h`
  events.on('entitlementChanged', ({ to, code, message }) =>
    out(`entitlement  ${to}${code.toLowerCase() === to ? '' : ` (${code})`}: ${message}`),
  )
  const read = new Map<string, number>()
  events.on(
    'usageReported',
    ({ dimension, quantity, accepted, duplicates, late, earliestHour }) => {
      const notes = `${note('duplicate', duplicates)}${note('late', late)}`
      const where = `on disk, hour ${hour(earliestHour)}${notes}`
      if (quantity > 0n || accepted === 0)
        return out(`usage        +${formatQuantity(quantity)} ${dimension}, ${where}`)
      // Readings add nothing, and time is read every 30 seconds: the first of an hour says that there are some.
      if (read.get(dimension) === earliestHour) return
      read.set(dimension, earliestHour)
      out(`usage        a reading of ${dimension}, ${where}`)
    },
  )
  events.on('countersRead', ({ counted }) => {
    for (const [dimension, series] of Map.groupBy(counted, (each) => each.dimension)) {
      const rise = series.reduce((sum, each) => sum + each.rise, 0n)
      if (rise > 0n)
        out(`usage        +${formatQuantity(rise)} ${dimension} from its counters, on disk`)
    }
  })
  events.on('usageRefused', ({ code }) => out(`usage        refused: ${code}`))
  events.on('recordSealed', ({ dimension, hour: sealed, quantity }) =>
    out(`hour over    ${hour(sealed)}: one record, ${formatQuantity(quantity)} ${dimension}`),
  )
  events.on(
    'recordAttempted',
    ({ dimension, hour: sent, quantity, outcome, code, meteringRecordId }) =>
      out(
        outcome === 'ok'
          ? `sent         ${hour(sent)}: ${formatQuantity(quantity)} ${dimension}, MeteringRecordId ${meteringRecordId}`
          : `not sent     ${hour(sent)}: ${formatQuantity(quantity)} ${dimension}: ${code}`,
      ),
  )
}

function note(what: string, count: number): string {
  return count === 0 ? '' : ` (${count} ${what})`
}
