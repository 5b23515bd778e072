import { adviseOnCredentials } from '../../aws/advise-on-credentials.ts'
import { createMarketplaceMetering } from '../../aws/marketplace-metering.ts'
import type { MeteringApi } from '../../aws/metering-api.ts'
import { createClosedDoor } from '../../aws/refuse-calls.ts'
import type { RegionDenial } from '../../entitlement/prove-entitlement.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

export interface AwsPart extends Disposable {
  readonly api: MeteringApi
}

/** Creates the client for AWS Marketplace Metering; with a denial, one that rejects every call. */
export function startAws(
  options: Pick<SidecarOptions, 'settings' | 'events' | 'clock' | 'credentials'>,
  platform: Platform,
  denial: RegionDenial | undefined,
): AwsPart {
  const api =
    denial === undefined
      ? createApi(options, platform)
      : createClosedDoor(denial.code, denial.message)
  return { api, [Symbol.dispose]: () => api.close() }
}

function createApi(
  { settings, events, clock, credentials }: Parameters<typeof startAws>[0],
  platform: Platform,
): MeteringApi {
  const metering = createMarketplaceMetering({
    region: platform.region?.region ?? '',
    endpoint: settings.awsEndpoint,
    timeoutMs: settings.awsTimeoutMs,
    credentials,
    events,
    clock,
  })
  return adviseOnCredentials(metering, platform.credentialWarning)
}
