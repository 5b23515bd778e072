import { messageOf } from '../kernel/errors.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import type { MetadataHttp } from './metadata-http.ts'
import { isRegionName } from '../kernel/text/region-name.ts'

interface ImdsOptions {
  /** Such as `http://169.254.169.254`. */
  readonly baseUrl: string
  readonly http: MetadataHttp
  /** For each of the two requests. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

const addresses: Readonly<Record<string, string>> = {
  ipv4: 'http://169.254.169.254',
  ipv6: 'http://[fd00:ec2::254]',
}

/** Returns where AWS's SDKs look for the metadata service; the failure says which variable is wrong. */
export function imdsUrlOf(
  env: Readonly<Record<string, string | undefined>>,
): Result<string, string> {
  const given = env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? ''
  if (given !== '') return succeed(given)
  const mode = env['AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE'] || 'IPv4'
  const address = addresses[mode.toLowerCase()]
  return address === undefined
    ? fail('AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6')
    : succeed(address)
}

/**
 * Asks the EC2 instance for its region (IMDSv2); the failure says why there is none. This is the last
 * resort: it does not answer on EKS Fargate, nor in a container where the instance's hop limit is 1.
 */
export async function readImdsRegion({
  baseUrl,
  http,
  timeoutMs,
  signal,
}: ImdsOptions): Promise<Result<string, string>> {
  const base = `${baseUrl.replace(/\/+$/, '')}/latest`
  try {
    const token = await http({
      url: `${base}/api/token`,
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
      timeoutMs,
      signal,
    })
    const region = await http({
      url: `${base}/meta-data/placement/region`,
      headers: { 'x-aws-ec2-metadata-token': token.trim() },
      timeoutMs,
      signal,
    })
    return isRegionName(region.trim()) ? succeed(region.trim()) : fail('its answer is not a region')
  } catch (error) {
    return fail(messageOf(error))
  }
}
