import { afterEach, describe, expect, test } from 'vitest'
import {
  detectPlatform,
  type DetectPlatformOptions,
} from '../../../src/platform/detect-platform.ts'
import type { MetadataHttp } from '../../../src/platform/metadata-http.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import {
  fakeToken,
  startMetadataServer,
  type MetadataServer,
} from '../../support/sidecar/metadata-server.ts'
import { passPauses } from '../../support/ledger/pass-pauses.ts'

const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef'
const uid = '11111111-2222-3333-4444-555555555555'
const tokenPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
const defaultTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const eksClaims = {
  iss: 'https://oidc.eks.us-east-2.amazonaws.com/id/ABC',
  'kubernetes.io': { pod: { name: 'app-1', uid } },
}
const irsa = {
  KUBERNETES_SERVICE_HOST: '10.0.0.1',
  AWS_WEB_IDENTITY_TOKEN_FILE: tokenPath,
  AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/product',
}

const servers: MetadataServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(answer: Parameters<typeof startMetadataServer>[0]): Promise<MetadataServer> {
  const server = await startMetadataServer(answer)
  servers.push(server)
  return server
}

const startEcs = () => start((_, response) => response.end(JSON.stringify({ TaskARN: taskArn })))
const startImds = (region: string) =>
  start((request, response) => response.end(request.method === 'PUT' ? 'token' : region))

interface Given extends Partial<DetectPlatformOptions> {
  readonly files?: Readonly<Record<string, string>>
}

/** Detects on a machine that has nothing but what is given; pauses end at once. */
async function detect({ files = {}, ...options }: Given) {
  const clock = new ManualClock()
  const work = detectPlatform({
    env: {},
    hostname: 'box',
    clock,
    region: undefined,
    endpointRegion: undefined,
    imdsUrl: 'http://127.0.0.1:1',
    readText: async (path) => files[path],
    ...options,
  })
  return (await passPauses(work, clock)).value
}

describe('on ECS', () => {
  test('the task ARN names the resource and the region, and nothing else is asked', async () => {
    const [ecs, imds] = await Promise.all([startEcs(), startImds('eu-west-1')])
    const platform = await detect({
      env: {
        ECS_CONTAINER_METADATA_URI_V4: `${ecs.url}/v4/1`,
        AWS_REGION: 'eu-west-1',
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1',
      },
      imdsUrl: imds.url,
    })
    expect(platform).toEqual({
      name: 'ecs',
      resource: taskArn,
      isGuess: false,
      region: { source: 'ecs-task-arn', region: 'eu-west-1' },
      readings: [
        { source: 'ecs-task-arn', region: 'eu-west-1' },
        { source: 'AWS_REGION', region: 'eu-west-1' },
      ],
      mismatches: [],
      warnings: [],
      credentialWarning: undefined,
    })
    expect(imds.requests).toEqual([])
  })

  test('every setting that names another region is a mismatch that says what to do', async () => {
    const ecs = await startEcs()
    const platform = await detect({
      env: { ECS_CONTAINER_METADATA_URI_V4: ecs.url, AWS_REGION: 'us-west-2' },
      region: 'us-west-1',
      endpointRegion: 'us-east-1',
    })
    expect(platform.region).toEqual({ source: 'ecs-task-arn', region: 'eu-west-1' })
    expect(platform.mismatches).toEqual([
      'According to the ECS task ARN this runs in eu-west-1, but the host of SIDECAR_AWS_ENDPOINT says us-east-1. Point SIDECAR_AWS_ENDPOINT at the endpoint of that region, or remove it.',
      'According to the ECS task ARN this runs in eu-west-1, but SIDECAR_REGION says us-west-1. Remove SIDECAR_REGION, or set it to that region.',
      'According to the ECS task ARN this runs in eu-west-1, but AWS_REGION says us-west-2. Remove AWS_REGION from the container, or set it to that region.',
    ])
  })

  test('a metadata service that answers garbage leads to a warning and to EC2', async () => {
    const ecs = await start((_, response) => response.end('<html>'))
    const imds = await startImds('eu-west-1')
    const platform = await detect({
      env: { ECS_CONTAINER_METADATA_URI_V4: ecs.url, AWS_REGION: 'us-west-2' },
      imdsUrl: imds.url,
    })
    expect(platform).toMatchObject({
      name: 'ecs',
      resource: 'host:box',
      region: { source: 'ec2-metadata', region: 'eu-west-1' },
    })
    expect(platform.mismatches).toHaveLength(1)
    expect(platform.warnings.join('\n')).toContain('not JSON')
  })

  test('a task without a metadata address is known by its execution environment', async () => {
    const platform = await detect({ env: { AWS_EXECUTION_ENV: 'AWS_ECS_EC2' } })
    expect(platform).toMatchObject({ name: 'ecs', isGuess: true, region: undefined })
    expect(platform.warnings.join('\n')).toContain('No source names a region')
  })

  test('a task without its own role is warned that the role of the node would be used', async () => {
    const ecs = await startEcs()
    const platform = await detect({ env: { ECS_CONTAINER_METADATA_URI_V4: ecs.url } })
    expect(platform.credentialWarning).toContain('the role of the node would be used')
  })

  test('ECS wins over Kubernetes variables', async () => {
    const ecs = await startEcs()
    const platform = await detect({ env: { ...irsa, ECS_CONTAINER_METADATA_URI_V4: ecs.url } })
    expect(platform.name).toBe('ecs')
  })
})

describe('on EKS', () => {
  test("the pod's token names the resource and the region", async () => {
    const platform = await detect({ env: irsa, files: { [tokenPath]: fakeToken(eksClaims) } })
    expect(platform).toEqual({
      name: 'eks',
      resource: `pod:${uid}`,
      isGuess: false,
      region: { source: 'eks-token-issuer', region: 'us-east-2' },
      readings: [{ source: 'eks-token-issuer', region: 'us-east-2' }],
      mismatches: [],
      warnings: [],
      credentialWarning: undefined,
    })
  })

  test('the token is trusted more than the endpoint', async () => {
    const platform = await detect({
      env: irsa,
      files: { [tokenPath]: fakeToken(eksClaims) },
      endpointRegion: 'us-east-1',
    })
    expect(platform.region).toEqual({ source: 'eks-token-issuer', region: 'us-east-2' })
    expect(platform.mismatches).toHaveLength(1)
  })

  test('a chart that sets AWS_REGION wrongly is detected', async () => {
    const platform = await detect({
      env: { ...irsa, AWS_REGION: 'us-east-1' },
      files: { [tokenPath]: fakeToken(eksClaims) },
    })
    expect(platform.mismatches).toEqual([
      "According to the issuer of the pod's token this runs in us-east-2, but AWS_REGION says us-east-1. Remove AWS_REGION from the container, or set it to that region.",
    ])
  })

  test('the default token helps out where there is none for IRSA', async () => {
    const platform = await detect({
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      files: { [defaultTokenPath]: fakeToken(eksClaims) },
    })
    expect(platform).toMatchObject({ name: 'eks', resource: `pod:${uid}`, warnings: [] })
  })

  test.each([
    ['counts where no token names the pod', { iss: eksClaims.iss }, 'pod:from-the-pod'],
    ['gives way to the token', eksClaims, `pod:${uid}`],
  ])('the uid from the specification %s', async (_, claims, resource) => {
    const files = { [tokenPath]: fakeToken(claims) }
    const platform = await detect({ env: irsa, files, podUid: 'from-the-pod' })
    expect(platform).toMatchObject({ resource, isGuess: false, warnings: [] })
  })

  test('a token without a pod leaves only a guess, with a warning', async () => {
    const platform = await detect({
      env: irsa,
      files: { [tokenPath]: fakeToken({ iss: eksClaims.iss }) },
    })
    expect(platform).toMatchObject({ name: 'eks', resource: 'host:box', isGuess: true })
    expect(platform.region?.region).toBe('us-east-2')
    expect(platform.warnings.join('\n')).toContain('uid')
  })

  test.each([
    ['missing', async () => undefined, 'does not exist'],
    ['garbage', async () => 'garbage', 'does not hold a JSON web token'],
    [
      'unreadable',
      async () => {
        throw new Error('EACCES')
      },
      "can't be read (EACCES)",
    ],
  ])('a token that is %s is a warning, and EC2 is asked', async (_, readText, words) => {
    const imds = await startImds('us-east-2')
    const platform = await detect({ env: irsa, readText, imdsUrl: imds.url })
    expect(platform).toMatchObject({
      name: 'eks',
      resource: 'host:box',
      region: { source: 'ec2-metadata', region: 'us-east-2' },
    })
    expect(platform.warnings.join('\n')).toContain(words)
  })

  test('an EC2 metadata service that is silent delays the start only a little', async () => {
    const imds = await start(() => {})
    const platform = await detect({
      env: { ...irsa, AWS_REGION: 'us-east-1' },
      imdsUrl: imds.url,
      imdsTimeoutMs: 20,
    })
    expect(platform.region).toEqual({ source: 'AWS_REGION', region: 'us-east-1' })
    expect(platform.warnings.join('\n')).toContain('no answer within 20 ms')
  })

  test('Kubernetes outside EKS causes a warning', async () => {
    const claims = { iss: 'https://kubernetes.default.svc', 'kubernetes.io': { pod: { uid } } }
    const platform = await detect({ env: irsa, files: { [tokenPath]: fakeToken(claims) } })
    expect(platform.resource).toBe(`pod:${uid}`)
    expect(platform.warnings.join('\n')).toContain('not issued by EKS')
  })

  test('a region where EKS pods are not known to be metered is a warning and no mismatch', async () => {
    const claims = { ...eksClaims, iss: 'https://oidc.eks.af-south-1.amazonaws.com/id/A' }
    const platform = await detect({ env: irsa, files: { [tokenPath]: fakeToken(claims) } })
    expect(platform.mismatches).toEqual([])
    expect(platform.warnings).toEqual([expect.stringContaining('af-south-1')])
  })
})

describe('elsewhere', () => {
  test('the host is the resource, and AWS is expected to refuse', async () => {
    const imds = await startImds('us-east-1')
    const platform = await detect({ region: 'eu-west-1', imdsUrl: imds.url })
    expect(platform).toMatchObject({
      name: 'local',
      resource: 'host:box',
      region: { source: 'SIDECAR_REGION', region: 'eu-west-1' },
      mismatches: [],
    })
    expect(platform.warnings).toEqual([expect.stringContaining('neither an ECS task')])
    expect(imds.requests).toEqual([])
  })

  test('EC2 is asked when no setting names a region, and not when that is switched off', async () => {
    const imds = await startImds('us-east-1')
    const off = { AWS_EC2_METADATA_DISABLED: 'true', AWS_DEFAULT_REGION: 'us-east-1' }
    const without = await detect({ env: off, imdsUrl: imds.url })
    expect(without.region).toBeUndefined()
    expect(without.warnings.join('\n')).toContain('does not read AWS_DEFAULT_REGION')
    expect(imds.requests).toEqual([])
    expect((await detect({ imdsUrl: imds.url })).region?.source).toBe('ec2-metadata')
  })

  test.each([
    ['an address', { ENDPOINT: 'http://10.0.0.9/', ENDPOINT_MODE: 'IPv6' }, 'http://10.0.0.9'],
    ['the mode IPv6', { ENDPOINT_MODE: 'IPv6' }, 'http://[fd00:ec2::254]'],
    ['the mode ipv6, as other SDKs read it', { ENDPOINT_MODE: 'ipv6' }, 'http://[fd00:ec2::254]'],
    ['the mode IPv4', { ENDPOINT_MODE: 'IPv4' }, 'http://169.254.169.254'],
    ['nothing', { ENDPOINT: '', ENDPOINT_MODE: '' }, 'http://169.254.169.254'],
  ])('EC2 is asked where AWS’s SDKs ask, with %s', async (_, settings, base) => {
    const env = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`AWS_EC2_METADATA_SERVICE_${name}`, value]),
    )
    const asked: string[] = []
    const http: MetadataHttp = ({ url }) => {
      asked.push(url)
      return Promise.resolve('us-east-1')
    }
    await detect({ env, http, imdsUrl: undefined })
    const paths = ['/latest/api/token', '/latest/meta-data/placement/region']
    expect(asked).toEqual(paths.map((path) => base + path))
  })

  test('a mode of EC2’s address that no SDK knows is a warning, and EC2 is not asked', async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'dual' }
    const http: MetadataHttp = () => Promise.resolve('us-east-1')
    const platform = await detect({ env, http, imdsUrl: undefined })
    expect(platform.region).toBeUndefined()
    expect(platform.warnings.join('\n')).toContain('ENDPOINT_MODE')
  })

  test('an AWS_REGION that is not a region is ignored with a warning', async () => {
    const platform = await detect({ env: { AWS_REGION: '$(REGION)' }, region: 'us-east-1' })
    expect(platform.region?.source).toBe('SIDECAR_REGION')
    expect(platform.warnings.join('\n')).toContain('"$(REGION)", which is not a region name')
  })

  test('the endpoint is trusted more than the settings', async () => {
    const platform = await detect({
      endpointRegion: 'us-east-1',
      region: 'us-west-2',
    })
    expect(platform.region).toEqual({ source: 'endpoint', region: 'us-east-1' })
    expect(platform.mismatches).toHaveLength(1)
  })

  test('Bedrock AgentCore causes a warning that it is not supported', async () => {
    const env = { AWS_BEDROCK_AGENTCORE_RUNTIME_ID: 'x', AWS_REGION: 'us-east-1' }
    const platform = await detect({ env })
    expect(platform.name).toBe('agentcore')
    expect(platform.warnings).toEqual([expect.stringContaining('not supported')])
  })
})
