import { succeed } from '../../kernel/result.ts'
import { customerNameForms } from '../../metering/customer-name-forms.ts'
import type { CustomerRecord, RecordOutcome } from '../../metering/report.ts'
import { checkAllocations } from '../../protocol/check-allocations.ts'
import { toInstant } from '../../protocol/codec.ts'
import type {
  BatchMeterUsageInput,
  UsageRecord,
} from '../../protocol/operations/batch-meter-usage.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { NamedCustomers, SourceContext } from '../source.ts'
import { checkDimension, partsOf, type Divisors } from './usage-members.ts'

type CustomerContext = Pick<SourceContext, 'dimensions' | 'referenceOf' | 'refused'> & {
  readonly customers: NamedCustomers
  readonly divisors: Divisors
}

/**
 * Records a batch in the book, which sends it. The answer is AWS's: a result for each record, and none
 * unprocessed. An hour is what AWS makes of it, so a batch that is sent until it succeeds is billed once.
 */
export async function recordBatch(
  { UsageRecords }: BatchMeterUsageInput,
  requestId: string,
  context: CustomerContext,
): Promise<ServiceResult<object>> {
  const records: CustomerRecord[] = []
  for (const record of UsageRecords) {
    const checked = checkRecord(record, context)
    if (!checked.ok) return checked
    records.push(checked.value)
  }
  const outcomes = await context.customers.reportRecords(records)
  for (const [index, { dimension }] of records.entries())
    if (outcomes[index]?.receipt === undefined)
      context.refused(dimension, 'RecordExists', requestId)
  const Results = UsageRecords.map((record, index) => ({
    UsageRecord: record,
    ...resultOf(record, outcomes[index], context),
  }))
  return succeed({ Results, UnprocessedRecords: [] })
}

function checkRecord(
  record: UsageRecord,
  { dimensions, divisors }: CustomerContext,
): ServiceResult<CustomerRecord> {
  const dimension = checkDimension(record.Dimension, 'BatchMeterUsage', { dimensions, divisors })
  if (!dimension.ok) return dimension
  const { Quantity: whole, QuantityAsDecimal: decimal, UsageAllocations: allocations } = record
  const micro = checkAllocations({ whole, decimal }, allocations)
  if (!micro.ok) return micro
  const { CustomerAWSAccountId: accountId, LicenseArn: licenseArn, CustomerIdentifier } = record
  // AWS accepts an empty one, which names no one: otherwise all who have it would be one customer.
  const identifier = CustomerIdentifier === '' ? undefined : CustomerIdentifier
  if (identifier !== undefined && !customerNameForms.identifier.test(identifier))
    return serviceError(
      'InvalidCustomerIdentifierException',
      'CustomerIdentifier has a character other than visible ASCII.',
    )
  return succeed({
    names: { accountId, licenseArn, identifier },
    dimension: record.Dimension,
    occurredAt: toInstant(record.Timestamp),
    parts: partsOf(micro.value, allocations, divisors.get(record.Dimension) ?? 1n),
  })
}

function resultOf(
  { Dimension }: UsageRecord,
  outcome: RecordOutcome | undefined,
  { referenceOf }: CustomerContext,
): object {
  if (outcome?.receipt === undefined) return { Status: 'DuplicateRecord' }
  const MeteringRecordId = referenceOf(Dimension, outcome.receipt.hour, outcome.customer)
  return { MeteringRecordId, Status: 'Success' }
}
