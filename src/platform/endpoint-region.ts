import { isRegionName } from './regions.ts'

const hosts = [
  /^metering\.marketplace\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
  /^metering\.marketplace-fips\.([a-z0-9-]+)\.amazonaws\.com$/,
  /^metering-marketplace\.([a-z0-9-]+)\.api\.aws$/,
  /^[a-z0-9-]+\.metering-marketplace\.([a-z0-9-]+)\.vpce\.amazonaws\.com$/,
]

/** Returns the region of AWS's metering endpoint; undefined for any other address. */
export function endpointRegion(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined
  const host = new URL(endpoint).hostname.replace(/\.$/, '')
  return hosts
    .map((pattern) => pattern.exec(host)?.[1])
    .find((region) => region !== undefined && isRegionName(region))
}
