import { createHash } from 'node:crypto'
import type { QuantityForm } from '../../metering/amount.ts'
import { formatQuantity, toNumber } from '../../metering/quantity.ts'
import type { UsageAllocation } from '../../protocol/fields.ts'
import type { MeterUsageInput } from '../../protocol/operations/meter-usage.ts'
import type { RegisterUsageInput } from '../../protocol/operations/register-usage.ts'
import type {
  BatchMeterUsageInput,
  UsageRecord,
} from '../../protocol/operations/batch-meter-usage.ts'
import type {
  BatchMeterUsageRequest,
  BatchRecord,
  DryRunRequest,
  MeterUsageRequest,
  RegisterUsageRequest,
  TaggedQuantity,
} from '../metering-api.ts'

/** Returns the members of a registration. */
export function registerUsageMembers(request: RegisterUsageRequest): RegisterUsageInput {
  const { productCode, publicKeyVersion, nonce } = request
  return { ProductCode: productCode, PublicKeyVersion: publicKeyVersion, Nonce: nonce }
}

/** Returns the members of a record. */
export function meterUsageMembers(request: MeterUsageRequest): MeterUsageInput {
  return {
    ProductCode: request.productCode,
    UsageDimension: request.dimension,
    Timestamp: toEpochSeconds(request.timestamp),
    ...(request.form === 'whole'
      ? { UsageQuantity: toNumber(request.quantity) }
      : { UsageQuantityAsDecimal: formatQuantity(request.quantity) }),
    ClientToken: request.clientToken,
    ...usageAllocations(request),
  }
}

/** Returns the members of records of customers. */
export function batchMeterUsageMembers(request: BatchMeterUsageRequest): BatchMeterUsageInput {
  const { productCode, records } = request
  return {
    ...(productCode !== undefined && { ProductCode: productCode }),
    UsageRecords: records.map(usageRecord),
  }
}

function usageRecord(record: BatchRecord): UsageRecord {
  const { accountId, licenseArn, identifier } = record
  return {
    Timestamp: toEpochSeconds(record.timestamp),
    Dimension: record.dimension,
    ...(record.form === 'whole'
      ? { Quantity: toNumber(record.quantity) }
      : { QuantityAsDecimal: formatQuantity(record.quantity) }),
    ...(identifier !== undefined && { CustomerIdentifier: identifier }),
    ...(accountId !== undefined && { CustomerAWSAccountId: accountId }),
    ...(licenseArn !== undefined && { LicenseArn: licenseArn }),
    ...usageAllocations(record),
  }
}

function usageAllocations({ form, allocations }: Pick<MeterUsageRequest, 'form' | 'allocations'>): {
  UsageAllocations?: UsageAllocation[]
} {
  if (allocations === undefined) return {}
  return { UsageAllocations: allocations.map((each) => toUsageAllocation(each, form)) }
}

function toUsageAllocation({ quantity, tags }: TaggedQuantity, form: QuantityForm) {
  const Tags = tags.map(({ key, value }) => ({ Key: key, Value: value }))
  return {
    ...(form === 'whole'
      ? { AllocatedUsageQuantity: toNumber(quantity) }
      : { AllocatedUsageQuantityAsDecimal: formatQuantity(quantity) }),
    ...(Tags.length === 0 ? {} : { Tags }),
  }
}

/** Returns the members of the question whether metering is permitted. */
export function dryRunMembers(request: DryRunRequest): MeterUsageInput {
  const { productCode, dimension } = request
  const seconds = toEpochSeconds(request.timestamp)
  return {
    ProductCode: productCode,
    UsageDimension: dimension,
    Timestamp: seconds,
    UsageQuantity: 0,
    DryRun: true,
    ClientToken: createHash('sha256')
      .update(['dry-run', productCode, dimension, seconds * 1000].join('\n'))
      .digest('hex'),
  }
}

function toEpochSeconds(instant: number): number {
  return Math.floor(instant / 1000)
}
