import { nonce, productCode, registrationSignature } from '../fields.ts'
import type { Operation, ValuesOf } from '../member-types.ts'

/** Called once by a task or pod at its launch: whether its buyer may run the product. */
export const registerUsageOperation = {
  input: {
    ProductCode: { ...productCode, required: true },
    PublicKeyVersion: { type: 'integer', min: 1, required: true },
    Nonce: nonce,
  },
  output: {
    PublicKeyRotationTimestamp: { type: 'timestamp' },
    Signature: registrationSignature,
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
} as const satisfies Operation

export type RegisterUsageInput = ValuesOf<typeof registerUsageOperation.input>
