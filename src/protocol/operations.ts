import type { GeneralErrorName } from './service-errors.ts'
import type { Operation, ValuesOf } from './member-types.ts'
import { batchMeterUsageOperation } from './operations/batch-meter-usage.ts'
import { meterUsageOperation } from './operations/meter-usage.ts'
import { registerUsageOperation } from './operations/register-usage.ts'
import { resolveCustomerOperation } from './operations/resolve-customer.ts'

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

/**
 * The AWS Marketplace Metering Service as data, after the service model of 2016-01-14. A test compares
 * names, members and errors with the model in the installed SDK.
 */
export const operations = {
  RegisterUsage: registerUsageOperation,
  MeterUsage: meterUsageOperation,
  BatchMeterUsage: batchMeterUsageOperation,
  ResolveCustomer: resolveCustomerOperation,
} as const satisfies Readonly<Record<OperationName, Operation>>

/** The input of an operation after `validateInput` has passed it. */
export type InputOf<O extends OperationName> = ValuesOf<(typeof operations)[O]['input']>

/** An error that an operation can answer: one of its model, or one of AWS in general. */
export type ErrorNameOf<O extends OperationName> =
  (typeof operations)[O]['errors'][number] | GeneralErrorName

/** Reports whether the service has an operation of this name. */
export function isOperationName(name: string): name is OperationName {
  return (operationNames as readonly string[]).includes(name)
}
