import { describe, expect, test } from 'vitest'
import {
  afterwards,
  findInState,
  mismatch,
  recordNotFound,
  requireWindowOver,
} from '../../../src/ledger/decisions/operator-actions.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { ChannelName } from '../../../src/metering/slot.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const record = recordOf('pod:1', nine, 7)

describe('what AWS had said stays on record', () => {
  test.each([
    [undefined, undefined, '.'],
    [undefined, 'no code', '.'],
    ['TimeoutError', undefined, '; before that: TimeoutError.'],
    ['TimeoutError', 'No answer came.', '; before that: TimeoutError: No answer came.'],
  ])('after the code %s and the message %s', (lastCode, lastMessage, said) => {
    expect(afterwards({ ...record, lastCode, lastMessage })).toBe(said)
  })
})

describe('a record that AWS may still accept', () => {
  const errorAt = (channel: ChannelName, now: number, timestamp = nine) => {
    try {
      requireWindowOver({ ...record, timestamp, slot: { ...record.slot, channel } }, now)
      return undefined
    } catch (error) {
      return error
    }
  }

  test.each([
    ['meter-usage', nine + 6 * hourMs],
    ['batch-meter-usage', nine + 24 * hourMs],
  ] as const)('is left alone until the window of %s is over', (channel, end) => {
    expect(errorAt(channel, end - 1)).toMatchObject({ code: 'RecordWindowOpen' })
    expect(errorAt(channel, end)).toBeUndefined()
    expect(errorAt(channel, end + 1)).toBeUndefined()
  })

  test('is said to be accepted until an instant, why that matters and what to do', () => {
    expect(errorAt('meter-usage', nine)).toMatchObject({
      message:
        'AWS accepts record 7 until 2026-03-10T15:00:00.000Z, and a sidecar that is only paused may send it until then: its usage would be billed twice. Nothing was changed. Decide after that, or add --force (over HTTP "force": true) if every sidecar that had the record has ended and AWS does not have it.',
    })
  })
})

describe('an id that cannot be acted on', () => {
  const book = new ModelBook()
  book.records.set(record.id, record)
  const page = openPage(book, 'pod:1')

  test('is that of no record, and the answer says where the ids are', () => {
    expect(() => findInState(page, 8, 'sealed', 'retried')).toThrow(recordNotFound(8))
    expect(recordNotFound(8)).toMatchObject({
      code: 'RecordNotFound',
      message:
        'The ledger has no record 8. "ledger show" and "ledger export" list the ids; settled records are forgotten after 45 days, those of customers after 7.',
    })
  })

  test('is that of a record in another state, and the answer says what that state means', () => {
    const error = mismatch(record, 'refused', 'retried')
    expect(() => findInState(page, 7, 'refused', 'retried')).toThrow(error)
    expect(error).toMatchObject({
      code: 'RecordStateMismatch',
      message:
        'Record 7 is sealed, and only refused records can be retried; nothing was changed. It waits to be sent, and the sidecar sends it automatically.',
    })
  })

  test('unless the record is in the state that the action is for', () => {
    expect(findInState(page, 7, 'sealed', 'sent')).toEqual(record)
  })
})
