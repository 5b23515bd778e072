import { show } from '../kernel/schema/mistakes.ts'
import type { OwnCode } from '../kernel/problems/own-code-table.ts'
import { isAwsEndpoint } from './endpoints.ts'

/**
 * Says why an endpoint must not be called: its answers would make the buyer entitled, and it could
 * swallow all usage. Undefined when it may.
 */
export function endpointDenial({
  awsEndpoint,
  onlyAwsEndpoints,
}: {
  readonly awsEndpoint: string | undefined
  readonly onlyAwsEndpoints: boolean
}): { readonly code: OwnCode; readonly message: string } | undefined {
  if (!onlyAwsEndpoints || awsEndpoint === undefined || isAwsEndpoint(awsEndpoint)) return undefined
  return {
    code: 'EndpointNotAws',
    message: `SIDECAR_AWS_ENDPOINT is ${show(awsEndpoint)}, which is not an https address of AWS Marketplace Metering, and the product file in this image accepts no other. Remove the setting, or name a VPC endpoint.`,
  }
}
