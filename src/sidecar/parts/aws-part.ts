import type { AwsClock } from '../../aws/aws-clock.ts'
import { endpointFormOf } from '../../aws/endpoints.ts'
import { createMarketplaceMetering } from '../../aws/marketplace-metering.ts'
import type { MeteringApi } from '../../aws/metering-api.ts'
import { meteringForPlatform } from '../../aws/metering-for-platform.ts'
import type { RegionDenial } from '../../entitlement/prove-entitlement.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

export interface AwsPart extends Disposable {
  readonly api: MeteringApi
}

/** Creates the client for AWS Marketplace Metering; with a denial, one that rejects every call. */
export function startAws(
  {
    settings,
    env,
    events,
    clock,
    timers,
    credentials,
  }: Pick<SidecarOptions, 'settings' | 'env' | 'events' | 'clock' | 'timers' | 'credentials'>,
  { region, credentialWarning }: Platform,
  denial: RegionDenial | undefined,
  awsClock: AwsClock,
): AwsPart {
  const api = meteringForPlatform({ denial, credentialWarning }, () =>
    createMarketplaceMetering({
      region: region?.region ?? '',
      endpoint: settings.awsEndpoint,
      endpointForm: endpointFormOf(env),
      timeoutMs: settings.awsTimeoutMs,
      credentials,
      events,
      clock,
      timers,
      awsClock,
    }),
  )
  return { api, [Symbol.dispose]: () => api.close() }
}
