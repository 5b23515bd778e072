import {
  clientToken,
  decimalQuantity,
  dimension,
  productCode,
  quantity,
  usageAllocations,
} from '../fields.ts'
import type { Operation, ValuesOf } from '../member-types.ts'

/** Records one hour's usage of one dimension by a task or pod. */
export const meterUsageOperation = {
  input: {
    ProductCode: { ...productCode, required: true },
    Timestamp: { type: 'timestamp', required: true },
    UsageDimension: { ...dimension, required: true },
    UsageQuantity: quantity,
    UsageQuantityAsDecimal: decimalQuantity,
    DryRun: { type: 'boolean' },
    UsageAllocations: usageAllocations,
    ClientToken: clientToken,
  },
  output: { MeteringRecordId: { type: 'string' } },
  errors: [
    'CustomerNotEntitledException',
    'DuplicateRequestException',
    'IdempotencyConflictException',
    'InternalServiceErrorException',
    'InvalidEndpointRegionException',
    'InvalidProductCodeException',
    'InvalidTagException',
    'InvalidUsageAllocationsException',
    'InvalidUsageDimensionException',
    'ThrottlingException',
    'TimestampOutOfBoundsException',
  ],
} as const satisfies Operation

export type MeterUsageInput = ValuesOf<typeof meterUsageOperation.input>
