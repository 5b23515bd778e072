import { awsLimits } from '../metering/aws-limits.ts'
import type { ListMember, StructureMember, ValueOf } from './member-types.ts'

/** The members of the operations, with the limits and patterns of the service model. */

const anything = String.raw`[\s\S]*`
const something = String.raw`[\s\S]+`

export const productCode = {
  type: 'string',
  minLength: 0,
  maxLength: awsLimits.productCodeLength,
  pattern: `^[${awsLimits.productCodeCharacters}]*$`,
} as const

export const nonce = {
  type: 'string',
  maxLength: awsLimits.nonceLength,
  pattern: anything,
} as const

export const dimension = {
  type: 'string',
  minLength: 1,
  maxLength: awsLimits.dimensionNameLength,
  pattern: something,
} as const

export const quantity = { type: 'integer', min: 0, max: awsLimits.quantity } as const

/** The same as a decimal. It takes the place of the whole number, never a place next to it. */
export const decimalQuantity = {
  type: 'string',
  minLength: 1,
  maxLength: awsLimits.decimalLength,
  pattern: String.raw`^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$`,
} as const

export const customerIdentifier = {
  type: 'string',
  minLength: 0,
  maxLength: awsLimits.customerIdLength,
  pattern: anything,
} as const

export const customerAwsAccountId = {
  type: 'string',
  minLength: 1,
  maxLength: awsLimits.customerIdLength,
  pattern: '^[0-9]+$',
} as const

export const licenseArn = {
  type: 'string',
  pattern:
    '^arn:aws[a-zA-Z-]*:[A-Za-z0-9][A-Za-z0-9_/.-]{0,62}:[A-Za-z0-9_/.-]{0,63}:' +
    '[A-Za-z0-9_/.-]{0,63}:[A-Za-z0-9][A-Za-z0-9:_/+=,@.-]{0,1023}$',
} as const

export const clientToken = {
  type: 'string',
  minLength: 1,
  maxLength: awsLimits.clientTokenLength,
  idempotencyToken: true,
} as const

export const agreementId = {
  type: 'string',
  minLength: 1,
  maxLength: awsLimits.agreementIdLength,
  pattern: '[A-Za-z0-9_/-]+',
} as const

/** The JWT that RegisterUsage returns. */
export const registrationSignature = { type: 'string', pattern: something } as const

/** What a buyer's browser brings to the seller's registration page. */
export const registrationToken = { type: 'string', pattern: something } as const

const tagLimit = { limitError: 'InvalidTagException' } as const

// As in the model, where ` -=` is a range: all of ASCII from the space to the equals sign.
const tagPattern = `^[${awsLimits.tagCharacters.replace('/', String.raw`\/`)}]+$`

const tag = {
  type: 'structure',
  members: {
    Key: {
      type: 'string',
      required: true,
      minLength: 1,
      maxLength: awsLimits.tagKeyLength,
      pattern: tagPattern,
      ...tagLimit,
    },
    Value: {
      type: 'string',
      required: true,
      minLength: 1,
      maxLength: awsLimits.tagValueLength,
      pattern: tagPattern,
      ...tagLimit,
    },
  },
} as const satisfies StructureMember

export type WireTag = ValueOf<typeof tag>

const usageAllocation = {
  type: 'structure',
  members: {
    AllocatedUsageQuantity: quantity,
    AllocatedUsageQuantityAsDecimal: decimalQuantity,
    Tags: {
      type: 'list',
      minItems: 1,
      maxItems: awsLimits.tagsPerAllocation,
      item: tag,
      ...tagLimit,
    },
  },
} as const satisfies StructureMember

export type UsageAllocation = ValueOf<typeof usageAllocation>

export const usageAllocations = {
  type: 'list',
  minItems: 1,
  maxItems: awsLimits.allocations,
  limitError: 'InvalidUsageAllocationsException',
  item: usageAllocation,
} as const satisfies ListMember
