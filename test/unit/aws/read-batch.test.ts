import { expect, test } from 'vitest'
import { readBatch } from '../../../src/aws/wire/read-batch.ts'

const timestamp = Date.parse('2026-03-10T09:15:00Z')
const recordOf = (accountId: string, licenseArn?: string) => ({
  accountId,
  licenseArn,
  dimension: 'requests',
  timestamp,
  quantity: 7_000_000n,
  form: 'whole' as const,
})
const wireOf = (accountId: string, more: object = {}) => ({
  CustomerAWSAccountId: accountId,
  Dimension: 'requests',
  Timestamp: timestamp / 1000,
  Quantity: 7,
  ...more,
})
const success = (UsageRecord: object, MeteringRecordId = 'id-1') => ({
  UsageRecord,
  Status: 'Success',
  MeteringRecordId,
})

function resultsOf(members: object, records = [recordOf('1')]) {
  const answer = { text: '', members: { ...members }, isOfProtocol: true, type: undefined }
  const read = readBatch(answer, { productCode: 'prod1', records })
  return read.ok ? read.value.results : read
}

const accepted = { status: 'Success', meteringRecordId: 'id-1' }

test('a result is that of the record which it names, in whatever order', () => {
  const Results = [success(wireOf('2'), 'id-2'), success(wireOf('1'))]
  const results = resultsOf({ Results }, [recordOf('1'), recordOf('2'), recordOf('3')])
  expect(results).toEqual([accepted, { status: 'Success', meteringRecordId: 'id-2' }, undefined])
})

test.each([
  ['in the hour that AWS makes of its time', { Timestamp: timestamp / 1000 - 900 }],
  ['with null for a name that was not sent', { LicenseArn: null }],
  ['with a further name of the customer', { CustomerIdentifier: 'c-1' }],
  ['with the licence', { LicenseArn: 'arn:aws:l-1', CustomerIdentifier: '' }],
  ['with members that nobody here knows', { New: [1] }],
])('a record that AWS names %s is known', (_how, more) => {
  expect(resultsOf({ Results: [success(wireOf('1', more))] })).toEqual([accepted])
  expect(resultsOf({ UnprocessedRecords: [wireOf('1', more)] })).toEqual([
    { status: 'Unprocessed' },
  ])
})

test.each([
  ['another account', wireOf('2')],
  ['another dimension', wireOf('1', { Dimension: 'storage' })],
  ['another hour', wireOf('1', { Timestamp: timestamp / 1000 + 3600 })],
  ['no hour', wireOf('1', { Timestamp: undefined })],
  ['nothing', {}],
])('a result for %s is none of the record', (_what, record) => {
  expect(resultsOf({ Results: [success(record)] })).toEqual([undefined])
})

test('a result for another licence of the account is none of the record', () => {
  const record = recordOf('1', 'arn:aws:l-1')
  const Results = [success(wireOf('1', { LicenseArn: 'arn:aws:l-2' }))]
  expect(resultsOf({ Results }, [record])).toEqual([undefined])
})

test('the result of a record with further names is not that of one which lacks them', () => {
  const records = [recordOf('1'), recordOf('1', 'arn:aws:l-1')]
  const Results = [success(wireOf('1', { LicenseArn: 'arn:aws:l-1' }))]
  expect(resultsOf({ Results }, records)).toEqual([undefined, accepted])
})

const one = wireOf('1')
test.each([
  [
    'taken, and another stands',
    [success(one), { UsageRecord: one, Status: 'DuplicateRecord' }],
    [],
  ],
  ['taken as two', [success(one), success(one, 'id-2')], []],
  ['taken and not processed', [success(one)], [one]],
  ['taken without an id, and not processed', [success(one, '')], [one]],
  [
    'in a state that nobody here knows, and not processed',
    [{ UsageRecord: one, Status: 'New' }],
    [one],
  ],
])('of a record that is %s nothing is known', (_what, Results, UnprocessedRecords) => {
  expect(resultsOf({ Results, UnprocessedRecords })).toEqual([undefined])
})

test('a result that comes twice is one', () => {
  expect(resultsOf({ Results: [success(one), success(one)] })).toEqual([accepted])
})
