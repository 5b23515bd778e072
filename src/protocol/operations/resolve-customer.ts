import {
  agreementId,
  customerAwsAccountId,
  customerIdentifier,
  licenseArn,
  productCode,
  registrationToken,
} from '../fields.ts'
import type { Operation, ValuesOf } from '../member-types.ts'

/** Names the customer of a SaaS product whose browser brought a registration token. */
export const resolveCustomerOperation = {
  input: { RegistrationToken: { ...registrationToken, required: true } },
  output: {
    CustomerIdentifier: customerIdentifier,
    ProductCode: productCode,
    CustomerAWSAccountId: customerAwsAccountId,
    LicenseArn: licenseArn,
    Metadata: { type: 'structure', members: { AgreementId: agreementId } },
  },
  errors: [
    'DisabledApiException',
    'ExpiredTokenException',
    'InternalServiceErrorException',
    'InvalidTokenException',
    'ThrottlingException',
  ],
} as const satisfies Operation

export type ResolveCustomerInput = ValuesOf<typeof resolveCustomerOperation.input>
