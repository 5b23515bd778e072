import { expect, test } from 'vitest'
import { claimsMs, retentionAt, settledMs } from '../../../src/ledger/retention-at.ts'

const hourMs = 3_600_000
const now = Date.parse('2026-03-10T09:00:00Z')

test('keys are kept for 25 hours, late usage for 48, records for 45 days and those of customers for 7', () => {
  expect([claimsMs, settledMs]).toEqual([25 * hourMs, 45 * 24 * hourMs])
  const retention = {
    at: now,
    claimsBefore: now - 25 * hourMs,
    readingsBefore: now - 25 * hourMs,
    lateUsageBefore: now - 48 * hourMs,
    licencesBefore: now - 30 * 24 * hourMs,
  }
  expect(retentionAt(now, false, true)).toEqual({
    ...retention,
    settledBefore: now - 45 * 24 * hourMs,
  })
  expect(retentionAt(now, true, true)).toEqual({
    ...retention,
    settledBefore: now - 7 * 24 * hourMs,
  })
})

test('no key, no licence and no reading is forgotten while their age is uncertain', () => {
  expect(retentionAt(now, false, false)).toMatchObject({
    claimsBefore: 0,
    licencesBefore: 0,
    readingsBefore: 0,
  })
})
