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

/** What an answer says of one record. */
interface RecordAnswer {
  /** As AWS names it. */
  readonly record: Members
  /** Undefined for a result that says nothing certain. */
  readonly result: BatchRecordResult | undefined
}

/**
 * Finds the result of each record by what names it: AWS promises no order, and may know a customer by more names
 * than were sent. A record that is in neither list has none, and neither has one with two different results.
 */
export function readBatch(
  { members }: AwsAnswer,
  { records }: BatchMeterUsageRequest,
): MeteringResult<BatchMeterUsageValue> {
  const answers = answersIn(members)
  const asked = new Set(records.map(nameOf))
  const named = Map.groupBy(answers, ({ record }) => nameOfWire(record))
  const others = answers.filter(({ record }) => !asked.has(nameOfWire(record)))
  return succeed({
    results: records.map((record) =>
      onlyResult(named.get(nameOf(record)) ?? others.filter((other) => names(other, record))),
    ),
  })
}

function answersIn(members: Members): RecordAnswer[] {
  const results = listOf(members['Results']).map((result) => ({
    record: objectOf(result['UsageRecord']),
    result: resultOf(result),
  }))
  const unprocessed = listOf(members['UnprocessedRecords']).map((record) => ({
    record,
    result: { status: 'Unprocessed' } as const,
  }))
  return [...results, ...unprocessed]
}

function onlyResult(answers: readonly RecordAnswer[]): BatchRecordResult | undefined {
  const texts = new Set(answers.map(({ result }) => JSON.stringify(result)))
  return texts.size === 1 ? answers[0]?.result : undefined
}

/** Whether an answer is about a record, and names its customer in further ways. */
function names({ record }: RecordAnswer, asked: BatchRecord): boolean {
  return (
    nameOfWire({
      ...record,
      ...(asked.accountId === undefined && { CustomerAWSAccountId: null }),
      ...(asked.licenseArn === undefined && { LicenseArn: null }),
      ...(asked.identifier === undefined && { CustomerIdentifier: null }),
    }) === nameOf(asked)
  )
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
