import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { ErrorNameOf } from '../../protocol/operations.ts'
import type { UsageRecord } from '../../protocol/operations/batch-meter-usage.ts'
import type { EmulatedCustomer } from '../marketplace.ts'
import { findProduct, type Metering } from './metering-rules.ts'

type CustomerResult<T> = ServiceResult<T, ErrorNameOf<'BatchMeterUsage'>>

/** Finds the customer of a record, by licence and account or by product code with either identity. */
export function findCustomer(
  metering: Metering,
  productCode: string | undefined,
  record: UsageRecord,
): CustomerResult<EmulatedCustomer> {
  const { CustomerIdentifier, CustomerAWSAccountId, LicenseArn } = record
  if (LicenseArn === undefined) {
    const product = findProduct(metering, productCode)
    if (!product.ok) return product
  }
  const customer = metering.customers.find(
    (candidate) =>
      (productCode === undefined || candidate.productCode === productCode) &&
      (CustomerAWSAccountId === undefined
        ? CustomerIdentifier !== undefined && candidate.customerIdentifier === CustomerIdentifier
        : candidate.customerAwsAccountId === CustomerAWSAccountId &&
          (LicenseArn === undefined || candidate.licenseArn === LicenseArn)),
  )
  if (customer !== undefined) return succeed(customer)
  const isOfAnother = metering.customers.some(
    ({ customerAwsAccountId }) => customerAwsAccountId === CustomerAWSAccountId,
  )
  return isOfAnother && LicenseArn !== undefined
    ? serviceError('InvalidLicenseException', 'The LicenseArn does not match the customer.')
    : serviceError('InvalidCustomerIdentifierException', 'The customer does not exist.')
}

/**
 * Checks a record's licence: that it is the customer's and active at `instant`. A customer without an
 * identifier belongs to a listing that meters by licence only.
 */
export function checkLicence(
  customer: EmulatedCustomer,
  { LicenseArn }: UsageRecord,
  instant: number,
): CustomerResult<undefined> {
  const { customerIdentifier, licenseArn, licenseStartsAt, licenseEndsAt } = customer
  if (LicenseArn === undefined) {
    return customerIdentifier === undefined
      ? serviceError(
          'InvalidLicenseException',
          'The listing is metered by LicenseArn, and there is none.',
        )
      : succeed(undefined)
  }
  if (LicenseArn !== licenseArn) {
    return serviceError('InvalidLicenseException', 'The LicenseArn does not match the customer.')
  }
  return instant >= (licenseStartsAt ?? -Infinity) && instant < (licenseEndsAt ?? Infinity)
    ? succeed(undefined)
    : serviceError(
        'InvalidLicenseException',
        'The usage is not within the license activation period.',
      )
}
