import { expect, test } from 'vitest'
import { AttemptLog } from '../../../src/channels/attempt-log.ts'
import { classifyError } from '../../../src/aws/classify-error.ts'
import { Events } from '../../../src/kernel/events.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ten = Date.parse('2026-03-10T10:00:00Z')

/** Returns what the log says of a record that was moved after AWS answered with an error of this name. */
function movedAfter(name: string, movedTo: number): string | undefined {
  const lines = new Map<string, string>()
  const log = new AttemptLog({
    clock: new ManualClock(),
    events: new Events(),
    log: (...[event, message]) => {
      lines.set(event, message)
    },
  })
  const failure = classifyError({ name, $metadata: { httpStatusCode: 400 } }, 'MeterUsage')
  const settled = { state: 'moved', settledAt: ten, lastCode: failure.code, movedTo } as const
  log.answered({ ...recordOf('task', ten, 7), ...settled }, failure)
  return lines.get('record.moved')
}

test('a record that moved after an outage gets advice for an outage', () => {
  const text = movedAfter('TimestampOutOfBoundsException', ten + 9 * hourMs)
  expect(text).toContain('sent with the hour 2026-03-10T19:00:00.000Z')
  expect(text).toContain('as after an outage')
  expect(text).not.toContain('meters for this task or pod')
})

test('a record that moved because AWS has another gets advice for a second sender', () => {
  const text = movedAfter('DuplicateRequestException', ten + hourMs)
  expect(text).toContain('if something else meters for this task or pod, stop it')
})

test('a record that moved back to an earlier hour gets advice for a clock', () => {
  expect(movedAfter('TimestampOutOfBoundsException', ten - hourMs)).toContain('check its time')
})
