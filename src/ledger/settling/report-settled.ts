import type { Events } from '../../kernel/events.ts'
import type { MeteringRecord, Settlement } from '../../metering/record/record.ts'
import { heldOfRecord } from './held-of-record.ts'

/** Tells those who watch where the usage of a record went that was settled. */
export function reportSettled(
  events: Events,
  record: MeteringRecord,
  kind: Settlement['kind'],
): void {
  if (record.state !== 'moved') return
  const { id, dimension, hour, movedTo, lastCode } = record
  if (movedTo === undefined && kind === 'too-late')
    events.emit('usageHeld', { ...heldOfRecord(record), reason: 'late', limit: undefined })
  if (movedTo !== undefined)
    events.emit('recordMoved', {
      id,
      dimension,
      fromHour: hour,
      toHour: movedTo,
      code: lastCode ?? kind,
    })
}
