import { isObject, type Members } from '../../kernel/is-object.ts'
import { succeed } from '../../kernel/result.ts'
import { hourOf } from '../../metering/hour.ts'
import type {
  BatchMeterUsageRequest,
  BatchMeterUsageValue,
  BatchRecord,
  BatchRecordResult,
  MeteringResult,
} from '../metering-api.ts'
import { isMeteringRecordId } from './metering-record-id.ts'
import type { AwsAnswer } from './read-answer.ts'

/**
 * Finds the result of each record by what names it: AWS promises no order. A record that is in neither list
 * has none.
 */
export function readBatch(
  { members }: AwsAnswer,
  { records }: BatchMeterUsageRequest,
): MeteringResult<BatchMeterUsageValue> {
  const results = new Map<string, BatchRecordResult>()
  for (const unprocessed of listOf(members['UnprocessedRecords']))
    results.set(nameOfWire(unprocessed), { status: 'Unprocessed' })
  for (const result of listOf(members['Results'])) {
    const read = resultOf(result)
    if (read !== undefined) results.set(nameOfWire(objectOf(result['UsageRecord'])), read)
  }
  return succeed({ results: records.map((record) => results.get(nameOf(record))) })
}

function resultOf({
  Status: status,
  MeteringRecordId: id,
}: Members): BatchRecordResult | undefined {
  if (status === 'Success')
    return isMeteringRecordId(id) ? { status, meteringRecordId: id } : undefined
  return status === 'CustomerNotSubscribed' || status === 'DuplicateRecord' ? { status } : undefined
}

/** Customer, dimension and hour, as AWS tells records apart. */
function nameOf({ accountId, licenseArn, identifier, dimension, timestamp }: BatchRecord): string {
  const customer = [accountId ?? null, licenseArn ?? null, identifier ?? null]
  return JSON.stringify([...customer, dimension, hourOf(timestamp)])
}

function nameOfWire(record: Members): string {
  const timestamp = record['Timestamp']
  return JSON.stringify([
    record['CustomerAWSAccountId'] ?? null,
    record['LicenseArn'] ?? null,
    record['CustomerIdentifier'] ?? null,
    record['Dimension'],
    typeof timestamp === 'number' ? hourOf(timestamp * 1000) : null,
  ])
}

function listOf(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

function objectOf(value: unknown): Members {
  return isObject(value) ? value : {}
}
