import type { CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { ResolveCustomerInput } from '../../protocol/operations/resolve-customer.ts'
import type { ErrorNameOf } from '../../protocol/operations.ts'
import { checkSeller } from './caller.ts'
import { checkOffered, findProduct, type Metering } from './metering-rules.ts'

export interface ResolveCustomerOutput {
  /** Null for customers of new listings. */
  readonly CustomerIdentifier: string | null
  readonly ProductCode: string
  readonly CustomerAWSAccountId: string
  readonly LicenseArn: string
  readonly Metadata?: { readonly AgreementId: string }
}

/** Names the buyer who brought a registration token. A token can be resolved more than once. */
export function resolveCustomer(
  metering: Metering,
  scope: CredentialScope,
  input: ResolveCustomerInput,
): ServiceResult<ResolveCustomerOutput, ErrorNameOf<'ResolveCustomer'>> {
  const seller = checkSeller(metering, scope, 'ResolveCustomer')
  if (!seller.ok) return seller
  const { RegistrationToken } = input
  const customer = metering.customers.find(({ registrationTokens, expiredTokens }) =>
    [...registrationTokens, ...expiredTokens].includes(RegistrationToken),
  )
  if (customer === undefined)
    return serviceError('InvalidTokenException', 'Registration token is invalid.')
  const product = findProduct(metering, customer.productCode)
  const offered = product.ok ? checkOffered(product.value, scope, 'DisabledApiException') : product
  // No real customer belongs to a product that does not exist: AWS answers that the API is disabled.
  if (!offered.ok) return serviceError('DisabledApiException', offered.failure.message)
  if (customer.expiredTokens.includes(RegistrationToken)) {
    return serviceError('ExpiredTokenException', 'The submitted registration token has expired.')
  }
  return succeed({
    CustomerIdentifier: customer.customerIdentifier ?? null,
    ProductCode: customer.productCode,
    CustomerAWSAccountId: customer.customerAwsAccountId,
    LicenseArn: customer.licenseArn,
    ...(customer.agreementId !== undefined && { Metadata: { AgreementId: customer.agreementId } }),
  })
}
