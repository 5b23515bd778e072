import { awsLimits } from '../../metering/aws-limits.ts'
import {
  customerAwsAccountId,
  customerIdentifier,
  decimalQuantity,
  dimension,
  licenseArn,
  productCode,
  quantity,
  usageAllocations,
} from '../fields.ts'
import type { ListMember, Operation, StructureMember, ValueOf, ValuesOf } from '../member-types.ts'

/** The status that AWS gives each record of a batch. */
export const recordStatuses = ['Success', 'CustomerNotSubscribed', 'DuplicateRecord'] as const

const usageRecord = {
  type: 'structure',
  members: {
    Timestamp: { type: 'timestamp', required: true },
    CustomerIdentifier: customerIdentifier,
    Dimension: { ...dimension, required: true },
    Quantity: quantity,
    QuantityAsDecimal: decimalQuantity,
    UsageAllocations: usageAllocations,
    CustomerAWSAccountId: customerAwsAccountId,
    LicenseArn: licenseArn,
  },
} as const satisfies StructureMember

/** One hour's usage of one dimension by a customer of a SaaS product. */
export type UsageRecord = ValueOf<typeof usageRecord>

const usageRecords = {
  type: 'list',
  minItems: 0,
  maxItems: awsLimits.recordsPerBatch,
  item: usageRecord,
} as const satisfies ListMember

/** Records usage for customers of a SaaS product. */
export const batchMeterUsageOperation = {
  input: {
    UsageRecords: { ...usageRecords, required: true },
    ProductCode: productCode,
  },
  output: {
    Results: {
      type: 'list',
      item: {
        type: 'structure',
        members: {
          UsageRecord: usageRecord,
          MeteringRecordId: { type: 'string' },
          Status: { type: 'string', values: recordStatuses },
        },
      },
    },
    UnprocessedRecords: usageRecords,
  },
  errors: [
    'DisabledApiException',
    'InternalServiceErrorException',
    'InvalidCustomerIdentifierException',
    'InvalidLicenseException',
    'InvalidProductCodeException',
    'InvalidTagException',
    'InvalidUsageAllocationsException',
    'InvalidUsageDimensionException',
    'ThrottlingException',
    'TimestampOutOfBoundsException',
  ],
} as const satisfies Operation

export type BatchMeterUsageInput = ValuesOf<typeof batchMeterUsageOperation.input>
