import { expect, test } from 'vitest'
import { formatRecord } from '../../../src/cli/ledger/format-record.ts'
import { unit } from '../../support/ledger/ledger-bench.ts'

test('a record of a customer names the customer', () => {
  const record = {
    id: 12,
    dimension: 'requests',
    hour: Date.parse('2026-03-10T09:00:00Z'),
    quantity: 5n * unit,
  }
  expect(formatRecord({ ...record, customer: '' })).toBe(
    'record 12 (requests, 2026-03-10T09h, 5 units)',
  )
  expect(formatRecord({ ...record, customer: 'acme' })).toBe(
    'record 12 (requests of acme, 2026-03-10T09h, 5 units)',
  )
})
