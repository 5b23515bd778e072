import { expect, test } from 'vitest'
import { parseHttpDate, toHttpDate } from '../../../../src/kernel/text/http-date.ts'

test.each([
  ['Tue, 10 Mar 2026 09:16:30 GMT', '2026-03-10T09:16:30Z'],
  ['Sat, 29 Feb 2020 23:59:59 GMT', '2020-02-29T23:59:59Z'],
  ['Thu, 31 Dec 2026 00:00:00 GMT', '2026-12-31T00:00:00Z'],
])('%s is read', (text, expected) => {
  expect(parseHttpDate(text)).toBe(Date.parse(expected))
})

test.each([
  '',
  'yesterday',
  'Tue, 10 Foo 2026 09:16:30 GMT',
  'Tue, 30 Feb 2026 09:16:30 GMT',
  'Tue, 10 Mar 2026 99:16:30 GMT',
  'Tue, 10 Mar 2026 09:16:30 CET',
  '2026-03-10T09:16:30Z',
])('%j is not the date of a header', (text) => {
  expect(parseHttpDate(text)).toBeUndefined()
})

test.each([
  '1970-01-01T00:00:00Z',
  '2024-02-29T23:59:59Z',
  '2026-03-10T09:15:00Z',
  '2099-12-31T12:00:00Z',
])('%s has the form of a Date header', (iso) => {
  expect(toHttpDate(Date.parse(iso))).toBe(new Date(iso).toUTCString())
})
