import { AwsClock } from '../aws/aws-clock.ts'
import { endpointDenial } from '../aws/endpoint-denial.ts'
import type { RegionDenial } from '../entitlement/prove-entitlement.ts'
import type { Platform } from '../platform/platform.ts'
import { regionDenial } from '../platform/region-denial.ts'
import { customersDenial } from '../product/customers-denial.ts'
import { platformFor } from './for-customers.ts'
import type { SidecarOptions } from './sidecar-options.ts'

/** Where a sidecar stands: its task or pod, AWS's time, and whether AWS may be asked at all. */
export interface Standing {
  readonly options: SidecarOptions
  /** The same on AWS's time: hours are AWS's, and the book, what seals and what sends go by it. */
  readonly byAwsTime: SidecarOptions & { readonly clock: AwsClock; readonly awsTime: AwsClock }
  readonly platform: Platform
  readonly denial: RegionDenial | undefined
}

export function standingOf(options: SidecarOptions, found: Platform): Standing {
  const { settings } = options
  const platform = platformFor(settings, found)
  const denial =
    endpointDenial(settings) ??
    regionDenial(platform) ??
    customersDenial(settings.product, platform.region)
  const clock = new AwsClock(options.clock)
  return { options, byAwsTime: { ...options, clock, awsTime: clock }, platform, denial }
}
