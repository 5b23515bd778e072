import type { ModelErrorName } from './errors.ts'

/** What comes before the dot of `X-Amz-Target`. */
export const targetPrefix = 'AWSMPMeteringService'

/** The service part of a SigV4 credential scope. */
export const signingName = 'aws-marketplace'

export const operationNames = [
  'RegisterUsage',
  'MeterUsage',
  'BatchMeterUsage',
  'ResolveCustomer',
] as const

export type OperationName = (typeof operationNames)[number]

/** Errors that stand for a broken limit where AWS has a name for it; all others are ValidationException. */
export type LimitErrorName = 'InvalidTagException' | 'InvalidUsageAllocationsException'

interface Common {
  readonly required?: true
  readonly limitError?: LimitErrorName
}

export interface StringMember extends Common {
  readonly type: 'string'
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  /** The only values that there are. */
  readonly values?: readonly string[]
  /** SDKs fill in a random value when the caller gives none. */
  readonly idempotencyToken?: true
}

export interface IntegerMember extends Common {
  readonly type: 'integer'
  readonly min?: number
  readonly max?: number
}

export interface PlainMember extends Common {
  readonly type: 'timestamp' | 'boolean'
}

export interface ListMember extends Common {
  readonly type: 'list'
  readonly minItems?: number
  readonly maxItems?: number
  readonly item: Member
}

export interface StructureMember extends Common {
  readonly type: 'structure'
  readonly members: Members
}

export type Member = StringMember | IntegerMember | PlainMember | ListMember | StructureMember
export type Members = Readonly<Record<string, Member>>

export interface Operation {
  readonly name: OperationName
  readonly input: Members
  readonly output: Members
  readonly errors: readonly ModelErrorName[]
}

/** The largest quantity of one record. */
export const maxQuantity = 2_147_483_647

/** What becomes of one record of BatchMeterUsage. */
export const recordStatuses = ['Success', 'CustomerNotSubscribed', 'DuplicateRecord'] as const

/** Over all allocations of one record. */
export const maxDistinctTagKeys = 5

// As in the model, where ` -=` is a range: all of ASCII from the space to the equals sign.
const tagPattern = '^[a-zA-Z0-9+ -=._:\\/@]+$'
const anything = '[\\s\\S]*'
const something = '[\\s\\S]+'

const productCode = {
  type: 'string',
  minLength: 0,
  maxLength: 255,
  pattern: '^[-a-zA-Z0-9/=:_.@]*$',
} as const
const customerIdentifier = {
  type: 'string',
  minLength: 0,
  maxLength: 255,
  pattern: anything,
} as const
const customerAwsAccountId = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^[0-9]+$',
} as const
const licenseArn = {
  type: 'string',
  pattern:
    '^arn:aws[a-zA-Z-]*:[A-Za-z0-9][A-Za-z0-9_/.-]{0,62}:[A-Za-z0-9_/.-]{0,63}:' +
    '[A-Za-z0-9_/.-]{0,63}:[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,1023}$',
} as const
const dimension = { type: 'string', minLength: 1, maxLength: 255, pattern: something } as const
const quantity = { type: 'integer', min: 0, max: maxQuantity } as const
const registrationToken = { type: 'string', pattern: something } as const

const tagLimit = { limitError: 'InvalidTagException' } as const
const tag: StructureMember = {
  type: 'structure',
  members: {
    Key: {
      type: 'string',
      required: true,
      minLength: 1,
      maxLength: 100,
      pattern: tagPattern,
      ...tagLimit,
    },
    Value: {
      type: 'string',
      required: true,
      minLength: 1,
      maxLength: 256,
      pattern: tagPattern,
      ...tagLimit,
    },
  },
}

const usageAllocations: ListMember = {
  type: 'list',
  minItems: 1,
  maxItems: 2500,
  limitError: 'InvalidUsageAllocationsException',
  item: {
    type: 'structure',
    members: {
      AllocatedUsageQuantity: { ...quantity, required: true },
      Tags: { type: 'list', minItems: 1, maxItems: 5, item: tag, ...tagLimit },
    },
  },
}

const usageRecord: StructureMember = {
  type: 'structure',
  members: {
    Timestamp: { type: 'timestamp', required: true },
    CustomerIdentifier: customerIdentifier,
    Dimension: { ...dimension, required: true },
    Quantity: quantity,
    UsageAllocations: usageAllocations,
    CustomerAWSAccountId: customerAwsAccountId,
    LicenseArn: licenseArn,
  },
}

/**
 * The AWS Marketplace Metering Service as data, after the service model of 2016-01-14. A test holds
 * names, members and errors against the model in the installed SDK.
 */
export const operations: Readonly<Record<OperationName, Operation>> = {
  RegisterUsage: {
    name: 'RegisterUsage',
    input: {
      ProductCode: { ...productCode, required: true },
      PublicKeyVersion: { type: 'integer', min: 1, required: true },
      Nonce: { type: 'string', maxLength: 255, pattern: anything },
    },
    output: {
      PublicKeyRotationTimestamp: { type: 'timestamp' },
      Signature: { type: 'string', pattern: something },
    },
    errors: [
      'CustomerNotEntitledException',
      'DisabledApiException',
      'InternalServiceErrorException',
      'InvalidProductCodeException',
      'InvalidPublicKeyVersionException',
      'InvalidRegionException',
      'PlatformNotSupportedException',
      'ThrottlingException',
    ],
  },
  MeterUsage: {
    name: 'MeterUsage',
    input: {
      ProductCode: { ...productCode, required: true },
      Timestamp: { type: 'timestamp', required: true },
      UsageDimension: { ...dimension, required: true },
      UsageQuantity: quantity,
      DryRun: { type: 'boolean' },
      UsageAllocations: usageAllocations,
      ClientToken: { type: 'string', minLength: 1, maxLength: 64, idempotencyToken: true },
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
  },
  BatchMeterUsage: {
    name: 'BatchMeterUsage',
    input: {
      UsageRecords: {
        type: 'list',
        minItems: 0,
        maxItems: 25,
        item: usageRecord,
        required: true,
      },
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
      UnprocessedRecords: { type: 'list', item: usageRecord },
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
  },
  ResolveCustomer: {
    name: 'ResolveCustomer',
    input: { RegistrationToken: { ...registrationToken, required: true } },
    output: {
      CustomerIdentifier: customerIdentifier,
      ProductCode: productCode,
      CustomerAWSAccountId: customerAwsAccountId,
      LicenseArn: licenseArn,
    },
    errors: [
      'DisabledApiException',
      'ExpiredTokenException',
      'InternalServiceErrorException',
      'InvalidTokenException',
      'ThrottlingException',
    ],
  },
}

/** Whether the service has an operation of this name. */
export function isOperationName(name: string): name is OperationName {
  return (operationNames as readonly string[]).includes(name)
}
