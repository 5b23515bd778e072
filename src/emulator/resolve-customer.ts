import { fail, succeed, type Outcome } from '../protocol/errors.ts'
import type { ResolveCustomerInput } from '../protocol/inputs.ts'
import type { Metering } from './metering-rules.ts'

export interface ResolveCustomerOutput {
  readonly CustomerIdentifier: string
  readonly ProductCode: string
  readonly CustomerAWSAccountId: string
  readonly LicenseArn: string
}

/** Who the buyer is that brought a registration token. A token can be resolved more than once. */
export function resolveCustomer(
  metering: Metering,
  input: ResolveCustomerInput,
): Outcome<ResolveCustomerOutput> {
  const customer = metering.customers.find(
    (candidate) => candidate.registrationToken === input.RegistrationToken,
  )
  if (customer === undefined) return fail('InvalidTokenException', 'Registration token is invalid.')
  if (customer.registrationTokenExpired) {
    return fail('ExpiredTokenException', 'The submitted registration token has expired.')
  }
  return succeed({
    CustomerIdentifier: customer.customerIdentifier,
    ProductCode: customer.productCode,
    CustomerAWSAccountId: customer.customerAwsAccountId,
    LicenseArn: customer.licenseArn,
  })
}
