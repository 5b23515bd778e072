import { describe, expect, test } from 'vitest'
import { classifyError } from '../../../src/aws/classify-error.ts'
import { failureTable } from '../../../src/aws/failure-table.ts'
import type { FailureKind } from '../../../src/aws/metering-api.ts'
import type { modelErrors } from '../../../src/protocol/service-errors.ts'

/** What the advice for each error of the model says to do. */
const actions: Readonly<Record<keyof typeof modelErrors, RegExp>> = {
  CustomerNotEntitledException: /^Subscribe to the product on its page in AWS Marketplace/,
  DisabledApiException: /switched RegisterUsage off in this region.*remove AWS_REGION/,
  DuplicateRequestException: /check that nothing else in this task or pod sends/,
  ExpiredTokenException: /AWS does not know or accept the credentials.*task role.*IRSA/,
  IdempotencyConflictException: /check that no other sidecar/,
  InternalServiceErrorException: /passes by itself; the call is repeated/,
  InvalidCustomerIdentifierException: /check the product’s type/,
  InvalidEndpointRegionException: /remove AWS_REGION, SIDECAR_REGION or SIDECAR_AWS_ENDPOINT/,
  InvalidLicenseException: /check the product’s type/,
  InvalidProductCodeException: /compare productCode in the product file with the portal/,
  InvalidPublicKeyVersionException: /Compare the versions in publicKeys .* portal/,
  InvalidRegionException: /remove AWS_REGION, SIDECAR_REGION or SIDECAR_AWS_ENDPOINT/,
  InvalidTagException: /check the tags that the application reports/,
  InvalidTokenException: /check the product’s type/,
  InvalidUsageAllocationsException: /report this with the sidecar’s version/,
  InvalidUsageDimensionException: /Compare the dimension’s name .* API identifier in the portal/,
  PlatformNotSupportedException:
    /only from an ECS task or an EKS pod.*task role.*IRSA.*Pod Identity/,
  ThrottlingException: /passes by itself; the call is repeated/,
  // AWS says the same name of a time that is too early.
  TimestampOutOfBoundsException: /^Either .* or the clock is wrong: check the machine’s clock/,
}

/** For all others, by what they mean. */
const actionsByKind: Readonly<Record<FailureKind, RegExp>> = {
  'not-entitled': /^Subscribe/,
  misconfigured: /check |[Cc]ompare |remove |run the product /,
  credentials:
    /aws-marketplace:\{operation\}|task role|trust policy|fsGroup|Switch (this region|STS) on/,
  throttled: /call is repeated/,
  unavailable: /call is repeated|[Cc]heck |next call/,
  invalid: /check |leave DryRun out|update the sidecar|report this|[Cc]ompare /,
  duplicate: /check /,
  'out-of-window': /check /,
  conflict: /check /,
}

describe('the advice', () => {
  test.each(Object.entries(actions))('for %s names what to do', (name, action) => {
    const error = Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: 400 } })
    expect(classifyError(error, 'RegisterUsage').advice).toMatch(action)
  })

  test.each([...failureTable])('for %s is an action', (_name, { kind, advice }) => {
    expect(advice).toMatch(actionsByKind[kind])
  })

  test('for a missing permission names the action of the operation that was called', () => {
    for (const operation of ['RegisterUsage', 'MeterUsage']) {
      const error = Object.assign(new Error('no'), {
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 400 },
      })
      expect(classifyError(error, operation).advice).toContain(
        `Allow aws-marketplace:${operation} on Resource "*"`,
      )
    }
  })
})
