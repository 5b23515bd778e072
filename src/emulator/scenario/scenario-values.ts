import { awsLimits } from '../../metering/aws-limits.ts'
import { isServiceErrorName } from '../../protocol/service-errors.ts'
import * as wire from '../../protocol/fields.ts'
import type { StringMember } from '../../protocol/member-types.ts'
import type { Field, ValueType } from './scenario-types.ts'

export function text(maxLength: number, pattern: string, range: string) {
  const expression = new RegExp(pattern)
  const allowed = (value: string) => expression.test(value)
  return { kind: 'text', maxLength, allowed, range } as const
}

/** A text with the limits of a member on the wire, so that a call can name it. */
function wireText(member: StringMember, range: string) {
  return text(member.maxLength ?? 2048, member.pattern ?? '', range)
}

export function listOf<const T extends ValueType>(noun: string, item: T, max = 1000, min = 1) {
  return { kind: 'list', item, noun, min, max } as const
}

export function section<const F extends Readonly<Record<string, Field>>>(fields: F) {
  return { kind: 'section', fields } as const
}

export function choice<const C extends readonly string[]>(choices: C) {
  return { kind: 'choice', choices } as const
}

export const boolean = { kind: 'boolean' } as const
export const time = { kind: 'time' } as const
export const keyVersion = { kind: 'integer', min: 1, max: awsLimits.publicKeyVersion } as const

export const productCode = wireText(
  wire.productCode,
  `1 to ${awsLimits.productCodeLength} letters, digits and -/=:_.@`,
)
export const region = text(64, '^[a-z]{2}(-[a-z]+)+-\\d+$', 'a region name such as us-east-1')
export const name = text(128, '^[\\w-]+$', '1 to 128 letters, digits, _ and -')
export const dimension = text(
  awsLimits.dimensionNameLength,
  '^[^\\p{C}]+$',
  `1 to ${awsLimits.dimensionNameLength} characters`,
)
export const token = text(4096, '^[^\\p{C}]+$', '1 to 4096 characters')
export const customerIdentifier = wireText(
  wire.customerIdentifier,
  `1 to ${awsLimits.customerIdLength} characters`,
)
export const accountId = wireText(wire.customerAwsAccountId, 'digits, in quotes')
export const licenseArn = wireText(
  wire.licenseArn,
  'an ARN such as arn:aws:license-manager::1:license:l-1',
)
export const agreementId = text(
  awsLimits.agreementIdLength,
  '^[A-Za-z0-9_/-]+$',
  `1 to ${awsLimits.agreementIdLength} letters, digits and _/-`,
)
export const errorName = {
  kind: 'text',
  maxLength: 128,
  allowed: isServiceErrorName,
  range: 'the name of an error of the service or of AWS in general',
} as const
