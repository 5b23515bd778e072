import { expect, test } from 'vitest'
import { usageExample } from '../../../src/http/openapi/openapi-examples.ts'
import { sourceText } from '../../../status-page/source-text.ts'

const now = Date.parse('2026-03-10T11:20:00.000Z')
const source = {
  name: 'prometheus',
  dimensions: ['requests', 'hosts', 'seats'],
  lastHeardAt: '2026-03-10T11:19:45.000Z',
  lastFailure: null,
}

test('a source has what this hour has from it, and when it was heard', () => {
  expect(sourceText(source, usageExample, now)).toBe(
    '2.25 requests, 12 hosts, 0 seats this hour; heard 15 s ago',
  )
})

test('a source that fails has the reason', () => {
  const lastFailure = { at: '2026-03-10T11:19:55.000Z', reason: 'the page answered 500' }
  expect(sourceText({ ...source, lastHeardAt: null, lastFailure }, usageExample, now)).toBe(
    '2.25 requests, 12 hosts, 0 seats this hour; not heard yet; failed 5 s ago: the page answered 500',
  )
})
