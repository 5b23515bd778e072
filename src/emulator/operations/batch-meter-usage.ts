import { toIso } from '../../kernel/clock.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { checkAllocations } from '../../protocol/check-allocations.ts'
import { toInstant, type CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type {
  BatchMeterUsageInput,
  UsageRecord,
  recordStatuses,
} from '../../protocol/operations/batch-meter-usage.ts'
import type { ErrorNameOf } from '../../protocol/operations.ts'
import { microOf, type WireQuantity } from '../../protocol/wire-quantity.ts'
import { checkSeller } from './caller.ts'
import { checkLicence, findCustomer } from './customer.ts'
import type { EmulatedCustomer } from '../marketplace.ts'
import {
  checkDimension,
  checkOffered,
  checkWindow,
  findProduct,
  hasSameContent,
  type Metering,
} from './metering-rules.ts'
import type { EmulatedRecord } from './metering-state.ts'

interface UsageRecordResult {
  readonly UsageRecord: UsageRecord
  readonly Status: (typeof recordStatuses)[number]
  readonly MeteringRecordId?: string
}

export interface BatchMeterUsageOutput {
  readonly Results: readonly UsageRecordResult[]
  readonly UnprocessedRecords: readonly UsageRecord[]
}

type BatchResult<T> = ServiceResult<T, ErrorNameOf<'BatchMeterUsage'>>

/** "Records aren't accepted 24 hours or more after an event": the last millisecond is outside. */
const windowMs = awsLimits.batchMeterUsageWindowMs - 1
const graceForLastMonthMs = 6 * hourMs

/**
 * Records usage of customers of a SaaS product, who are known by customer identifier or account with a
 * product code, or by licence without one. One record that is wrong fails the whole batch.
 */
export function batchMeterUsage(
  metering: Metering,
  scope: CredentialScope,
  input: BatchMeterUsageInput,
): BatchResult<BatchMeterUsageOutput> {
  const seller = checkSeller(metering, scope, 'BatchMeterUsage')
  if (!seller.ok) return seller
  const customers: EmulatedCustomer[] = []
  for (const record of input.UsageRecords) {
    const customer = checkRecord(metering, scope, input.ProductCode, record)
    if (!customer.ok) return customer
    customers.push(customer.value)
  }
  if (new Set(customers.map(({ productCode }) => productCode)).size > 1)
    return serviceError(
      'InvalidProductCodeException',
      'The records of a batch must be for one product.',
    )
  const { settings } = metering
  const pattern = settings.unprocessed ?? ''
  settings.unprocessed = pattern.slice(input.UsageRecords.length) || undefined
  const Results: UsageRecordResult[] = []
  const UnprocessedRecords: UsageRecord[] = []
  for (const [index, customer] of customers.entries()) {
    const record = input.UsageRecords[index]
    if (record === undefined) continue
    if (pattern[index] === 'u') UnprocessedRecords.push(record)
    else Results.push(settle(metering, scope, customer, record))
  }
  return succeed({ Results, UnprocessedRecords })
}

function checkRecord(
  metering: Metering,
  scope: CredentialScope,
  productCode: string | undefined,
  record: UsageRecord,
): BatchResult<EmulatedCustomer> {
  const customer = findCustomer(metering, productCode, record)
  if (!customer.ok) return customer
  const product = findProduct(metering, customer.value.productCode)
  if (!product.ok) return product
  const offered = checkOffered(product.value, scope, 'DisabledApiException')
  if (!offered.ok) return offered
  const dimension = checkDimension(product.value, record.Dimension)
  if (!dimension.ok) return dimension
  const allocations = checkAllocations(quantityIn(record), record.UsageAllocations)
  if (!allocations.ok) return allocations
  const instant = toInstant(record.Timestamp)
  const licence = checkLicence(customer.value, record, instant)
  if (!licence.ok) return licence
  const inWindow = checkWindow(metering.clock, instant, windowMs)
  if (!inWindow.ok) return inWindow
  const now = metering.clock.now()
  if (monthOf(instant) < monthOf(now - graceForLastMonthMs)) {
    return serviceError(
      'TimestampOutOfBoundsException',
      'Usage of the previous month is accepted until 06:00 UTC on the 1st.',
    )
  }
  return customer
}

function settle(
  metering: Metering,
  scope: CredentialScope,
  customer: EmulatedCustomer,
  record: UsageRecord,
): UsageRecordResult {
  const stays = metering.clock.now() < (customer.leavesAt ?? Infinity)
  if (!customer.subscribed || !stays || !metering.settings.entitled) {
    return { UsageRecord: record, Status: 'CustomerNotSubscribed' }
  }
  const wanted: EmulatedRecord = {
    // A customer who is named in both ways is two keys, and is billed twice, as AWS warns.
    resource: record.LicenseArn ?? customer.customerIdentifier ?? customer.customerAwsAccountId,
    region: scope.region,
    productCode: customer.productCode,
    dimension: record.Dimension,
    hour: hourOf(toInstant(record.Timestamp)),
    quantity: microOf(quantityIn(record)),
    allocations: record.UsageAllocations ?? [],
    meteringRecordId: metering.randomUuid(),
    clientToken: undefined,
  }
  const known = metering.state.find(wanted)
  if (known !== undefined && !hasSameContent(known, wanted)) {
    return { UsageRecord: record, Status: 'DuplicateRecord' }
  }
  if (known === undefined) metering.state.add(wanted)
  return {
    UsageRecord: record,
    Status: 'Success',
    MeteringRecordId: (known ?? wanted).meteringRecordId,
  }
}

function quantityIn(record: UsageRecord): WireQuantity {
  return { whole: record.Quantity, decimal: record.QuantityAsDecimal }
}

function monthOf(instant: number): string {
  return toIso(instant).slice(0, 7)
}
