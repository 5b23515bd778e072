import { expect, test } from 'vitest'
import { toHttpDate } from '../../../src/kernel/http-date.ts'

test.each([
  '1970-01-01T00:00:00Z',
  '2024-02-29T23:59:59Z',
  '2026-03-10T09:15:00Z',
  '2099-12-31T12:00:00Z',
])('%s has the form of a Date header', (iso) => {
  expect(toHttpDate(Date.parse(iso))).toBe(new Date(iso).toUTCString())
})
