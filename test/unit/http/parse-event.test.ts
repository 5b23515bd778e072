import { describe, expect, test } from 'vitest'
import { parseEvent } from '../../../src/http/routes/customers/parse-event.ts'

const licence = 'arn:aws:license-manager::111122223333:license:l-1'
const eventBridge = (more: object = {}) => ({
  id: 'event-1',
  source: 'aws.agreement-marketplace',
  'detail-type': 'License Deprovisioned - Manufacturer',
  time: '2026-03-10T09:10:00Z',
  resources: [licence],
  detail: { acceptor: { accountId: '111122223333' } },
  ...more,
})

describe('an event', () => {
  test('has the names that AWS gives', () => {
    expect(parseEvent(eventBridge())).toEqual({
      id: 'event-1',
      names: { licenseArn: licence, accountId: '111122223333' },
      change: 'ended',
      at: Date.parse('2026-03-10T09:10:00Z'),
    })
  })

  test.each(['\0', 'a\0b', '\ud800', 'ä', ''])('with the id %j is refused', (id) => {
    expect(() => parseEvent(eventBridge({ id }))).toThrow('It has no "id"')
    const notification = { Type: 'Notification', MessageId: id, Message: '{}' }
    expect(() => parseEvent(notification)).toThrow('It has no MessageId')
  })

  test.each(['l-\0', 'l-\ud800'])('does not name the licence %j', (end) => {
    const resources = [licence.replace('l-1', end)]
    expect(parseEvent(eventBridge({ resources })).names.licenseArn).toBeUndefined()
  })

  test('without a name of AWS is refused', () => {
    const strange = { resources: [], detail: { acceptor: { accountId: '1\0' } } }
    expect(() => parseEvent(eventBridge(strange))).toThrow(
      'It names neither a licence nor an account',
    )
    const Message = JSON.stringify({ action: 'unsubscribe-pending', 'customer-identifier': 'c\0' })
    const notification = { Type: 'Notification', MessageId: 'm-1', Message }
    expect(() => parseEvent(notification)).toThrow('It does not have a customer-identifier')
  })
})
