import { MarketplaceMeteringClient } from '@aws-sdk/client-marketplace-metering'
import { isRegionName } from '../kernel/text/region-name.ts'

/** Which of a region's endpoints is called. */
export interface EndpointForm {
  readonly fips: boolean
  readonly dualStack: boolean
}

const forms: readonly EndpointForm[] = [
  { fips: false, dualStack: false },
  { fips: true, dualStack: false },
  { fips: false, dualStack: true },
  { fips: true, dualStack: true },
]

type Rules = MarketplaceMeteringClient['config']['endpointProvider']
let rules: Rules | undefined

/** Returns the address of the Metering service in a region, by the SDK's own rules for all partitions. */
export function meteringEndpoint(region: string, form: EndpointForm): URL {
  rules ??= new MarketplaceMeteringClient({ region }).config.endpointProvider
  return rules({ Region: region, UseFIPS: form.fips, UseDualStack: form.dualStack }).url
}

/**
 * Returns the region of a host of the Metering service, PrivateLink's included; undefined for any other
 * address.
 */
export function regionOfEndpoint(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined
  const host = new URL(endpoint).hostname.replace(/\.$/, '')
  return host.split('.').find((label) => isRegionName(label) && isHostOf(host, label))
}

/** Whether TLS proves that an address is AWS's. */
export function isAwsEndpoint(endpoint: string): boolean {
  return regionOfEndpoint(endpoint) !== undefined && new URL(endpoint).protocol === 'https:'
}

function isHostOf(host: string, region: string): boolean {
  const hosts = forms.map((form) => meteringEndpoint(region, form).hostname)
  if (hosts.includes(host)) return true
  const [, suffix] = hosts[0]?.split(`.${region}.`) ?? []
  const [name, ...rest] = host.split('.')
  return (
    /^vpce-[a-z0-9-]+$/.test(name ?? '') &&
    rest.join('.') === `metering-marketplace.${region}.vpce.${suffix}`
  )
}

/**
 * Reads AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, which the SDKs agree on. They are the
 * buyer's, for FedRAMP and for pods without IPv4.
 */
export function endpointFormOf(env: Readonly<Record<string, string | undefined>>): EndpointForm {
  const isOn = (name: string) => env[name]?.trim().toLowerCase() === 'true'
  return { fips: isOn('AWS_USE_FIPS_ENDPOINT'), dualStack: isOn('AWS_USE_DUALSTACK_ENDPOINT') }
}
