import { expect, test } from 'vitest'
import { AttemptLog } from '../../../src/channels/attempt-log.ts'
import { classifyError } from '../../../src/aws/classify-error.ts'
import type { MeteringFailure } from '../../../src/aws/metering-api.ts'
import { Events, type SidecarEvents } from '../../../src/kernel/events.ts'
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

const failure: MeteringFailure = {
  code: 'SomeException',
  message: 'It was said',
  kind: 'throttled',
  ambiguous: false,
  advice: 'Do this.',
  requestId: 'request-1',
}

/** A log of attempts with its lines and its events, and a record to speak of. */
function createParts() {
  const clock = new ManualClock()
  const events = new Events()
  const attempts: SidecarEvents['recordAttempted'][] = []
  events.on('recordAttempted', (attempt) => void attempts.push(attempt))
  const lines: unknown[][] = []
  const attemptLog = new AttemptLog({ clock, events, log: (...line) => void lines.push(line) })
  const record = recordOf('task', ten, 7)
  const fields = { record: 7, dimension: 'd7', hour: '2026-03-10T10:00:00.000Z' }
  return { clock, attempts, lines, attemptLog, record, fields }
}

test('every answer is emitted with its outcome, what AWS said, and its id', () => {
  const { attempts, attemptLog, record } = createParts()
  const settled = { ...record, settledAt: ten, meteringRecordId: 'm-1' }
  attemptLog.answered({ ...settled, state: 'accepted' }, undefined)
  attemptLog.answered({ ...settled, state: 'moved', lastCode: 'Twin', lastMessage: 'w' }, undefined)
  attemptLog.answered(record, failure)
  const what = { id: 7, dimension: 'd7', hour: ten, quantity: 1_000_000n }
  expect(attempts).toEqual([
    { ...what, outcome: 'ok', code: undefined, message: undefined, meteringRecordId: 'm-1' },
    { ...what, outcome: 'duplicate', code: 'Twin', message: 'w', meteringRecordId: 'm-1' },
    {
      ...what,
      outcome: 'throttled',
      code: 'SomeException',
      message: 'It was said',
      meteringRecordId: undefined,
    },
  ])
})

test('a failure is a line at once, and of lesser weight while it goes on', () => {
  const { lines, attemptLog, record, fields } = createParts()
  for (let times = 0; times < 2; times += 1) attemptLog.answered(record, failure)
  const more = { ...fields, code: 'SomeException', state: 'sealed', awsRequestId: 'request-1' }
  expect(lines).toEqual([
    ['record.failed', 'It was said. Do this.', more],
    ['record.failed-again', 'It was said. Do this.', more],
  ])
  // The next record of this number would be another one.
  attemptLog.answered({ ...record, state: 'moved', settledAt: ten }, failure)
  attemptLog.answered(record, failure)
  expect(lines.map(([event]) => event).slice(2)).toEqual(['record.failed-again', 'record.failed'])
})

test('an accepted record is no line, and neither is one that was moved to no hour', () => {
  const { lines, attemptLog, record } = createParts()
  attemptLog.answered({ ...record, state: 'accepted', settledAt: ten }, undefined)
  attemptLog.answered({ ...record, state: 'moved', settledAt: ten }, undefined)
  expect(lines).toEqual([])
})

test('a record that AWS may have billed is an error line that names the command', () => {
  const { lines, attemptLog, record, fields } = createParts()
  const code = 'TimestampOutOfBoundsException'
  attemptLog.answered({ ...record, state: 'unresolved', lastCode: code }, undefined)
  expect(lines).toEqual([['record.unresolved', expect.any(String), { ...fields, code }]])
  expect(lines[0]?.[1]).toMatch(
    /^Record 7 of d7 may have been billed.*\(Timesta.*ledger resolve 7"/,
  )
})

test('a record that AWS accepted after its usage had moved is one too, and not one that moved', () => {
  const { lines, attemptLog, record, fields } = createParts()
  const late = { lastCode: 'AcceptedAfterMove', lastMessage: 'AWS accepted it.' } as const
  attemptLog.answered({ ...record, state: 'moved', movedTo: ten, ...late }, undefined)
  const line = 'Record 7 of d7: AWS accepted it.'
  expect(lines).toEqual([['record.unresolved', line, { ...fields, code: 'AcceptedAfterMove' }]])
})

test('a record without its tags is a line that says why', () => {
  const { lines, attemptLog, record, fields } = createParts()
  attemptLog.untagged({ ...record, lastCode: 'InvalidTagException' })
  const line = 'Record 7 of d7 is sent without its tags, which AWS refused (InvalidTagException).'
  expect(lines).toEqual([['record.untagged', line, { ...fields, code: 'InvalidTagException' }]])
})

test('a ledger that does not store or read is a line an hour for each record', async () => {
  const { lines, attemptLog, clock } = createParts()
  const full = new Error('the disk is full')
  const fail = () => {
    for (const id of [7, 8, 7]) attemptLog.notStored(id, full)
    for (let times = 0; times < 2; times += 1) attemptLog.queueNotRead(full)
  }
  const read = expect.stringMatching(/^\S.{20,}: the disk is full$/) as string
  const once = [
    ['record.not-stored', 'the disk is full', { record: 7 }],
    ['record.not-stored', 'the disk is full', { record: 8 }],
    ['records.not-read', read],
  ]
  fail()
  expect(lines).toEqual(once)
  await clock.advance(hourMs)
  fail()
  expect(lines).toEqual([...once, ...once])
  attemptLog.queueRead()
  fail()
  expect(lines.slice(6)).toEqual([once[2]])
})

test.each([
  ['out-of-window', ten + hourMs, /outage/],
  ['out-of-window', ten, /outage/],
  ['out-of-window', ten - 1, /The clock of this machine/],
  ['duplicate', ten + hourMs, /stop it/],
  ['throttled', ten + hourMs, /^ $/],
] as const)('a record that moved after %s has its advice', (kind, movedTo, advice) => {
  const { lines, attemptLog, record, fields } = createParts()
  const moved = { ...record, state: 'moved', settledAt: ten, lastCode: 'C', movedTo } as const
  attemptLog.answered(moved, { ...failure, kind })
  const [event, text, more] = lines.at(-1) ?? []
  expect([event, more]).toEqual(['record.moved', { ...fields, code: 'C' }])
  const [what, said] = String(text).split(`${new Date(movedTo).toISOString()}.`)
  expect(what).toMatch(/^Record 7 of d7 .*\(C\)/)
  expect(said).toMatch(advice)
})
