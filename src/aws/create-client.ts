import http from 'node:http'
import { MarketplaceMeteringClient } from '@aws-sdk/client-marketplace-metering'
import { meteringEndpoint, type EndpointForm } from './endpoints.ts'

export interface ClientOptions {
  /** Where the task or pod runs; requests are signed for it. */
  readonly region: string
  /** Default: the region's own. `AWS_ENDPOINT_URL*` never counts: it points at this sidecar. */
  readonly endpoint?: string | undefined
  /** Which of the region's endpoints, where no other is given. */
  readonly endpointForm: EndpointForm
  /** How long AWS may take to answer, ms. Credentials may take as long again before. */
  readonly timeoutMs: number
  /** Default: the SDK's own search, which finds the role of the task or pod. */
  readonly credentials?:
    | {
        readonly accessKeyId: string
        readonly secretAccessKey: string
        readonly sessionToken?: string | undefined
      }
    | undefined
}

/**
 * NAT gateways forget an idle connection after 350 s and reset it at its next use, which would make
 * the hourly attempt ambiguous; a connection is never kept that long.
 */
const idleConnectionMs = 20_000

/** Returns where calls go. */
export function endpointOf({ endpoint, region, endpointForm }: ClientOptions): URL {
  return endpoint === undefined ? meteringEndpoint(region, endpointForm) : new URL(endpoint)
}

/** Creates the SDK's client, of which calls use credentials, signer and connections. */
export function createClient(options: ClientOptions): MarketplaceMeteringClient {
  const { region, credentials, timeoutMs } = options
  // The SDK asks the machine's metadata service for a role with this one, and with NODE_USE_ENV_PROXY it would go
  // through the proxy of HTTP_PROXY.
  http.globalAgent = new http.Agent({ keepAlive: true })
  const agent = { keepAlive: true, timeout: idleConnectionMs }
  // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED changes nothing.
  const secureAgent = { ...agent, rejectUnauthorized: true }
  return new MarketplaceMeteringClient({
    region,
    requestHandler: {
      connectionTimeout: Math.max(1, Math.floor(timeoutMs / 2)),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: secureAgent,
    },
    ...credentialCalls(options.endpointForm),
    ...(credentials === undefined ? {} : { credentials: toSdkCredentials(credentials) }),
  })
}

/**
 * What the SDK passes on to the clients that ask for credentials: only AWS's own endpoints, whatever
 * AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS or `services` of a mounted AWS config say. The SDK's types do not
 * have the member, but its credential providers read it.
 */
function credentialCalls({ fips, dualStack }: EndpointForm): object {
  return {
    clientConfig: {
      ignoreConfiguredEndpointUrls: true,
      useFipsEndpoint: fips,
      useDualstackEndpoint: dualStack,
    },
  }
}

function toSdkCredentials({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: NonNullable<ClientOptions['credentials']>) {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}
