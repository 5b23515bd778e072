import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { credentialsCheck } from '../../../src/doctor/checks/check-credentials.ts'
import { platformCheck } from '../../../src/doctor/checks/check-platform.ts'
import { regionCheck } from '../../../src/doctor/checks/check-region.ts'
import { findingsOf, outcomesOf } from '../../support/doctor/test-machine.ts'
import { fakeToken, startMetadataServer } from '../../support/sidecar/metadata-server.ts'

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/0123456789abcdef'
const roleArn = 'arn:aws:iam::111122223333:role/seller-task'

/** A task whose agent answers for its metadata and its credentials. */
async function taskEnvironment(
  credentials: object | number | string = { AccessKeyId: 'x', RoleArn: roleArn },
) {
  const server = await startMetadataServer((request, response) => {
    if (request.url === '/task') response.end(JSON.stringify({ TaskARN: taskArn }))
    else if (typeof credentials === 'number') response.writeHead(credentials).end()
    else if (typeof credentials === 'string') response.end(credentials)
    else response.end(JSON.stringify({ SecretAccessKey: 'top-secret', ...credentials }))
  })
  onTestFinished(() => server.close())
  return {
    env: {
      ECS_CONTAINER_METADATA_URI_V4: server.url,
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials/1',
    },
    credentialsHost: server.url,
    server,
  }
}

function podEnvironment(region = 'eu-central-1'): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'token')
  const iss = `https://oidc.eks.${region}.amazonaws.com/id/ABC`
  writeFileSync(path, fakeToken({ iss, 'kubernetes.io': { pod: { name: 'p', uid: 'uid-1' } } }))
  return {
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    AWS_WEB_IDENTITY_TOKEN_FILE: path,
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/seller-pod',
  }
}

const nowhere = { AWS_EC2_METADATA_DISABLED: 'true' }

describe('the check platform', () => {
  test('names the ECS task', async () => {
    const [finding, ...others] = await findingsOf(platformCheck, await taskEnvironment())
    expect(finding).toMatchObject({ status: 'pass', message: `An ECS task: ${taskArn}.` })
    expect(others).toEqual([])
  })

  test('names the EKS pod', async () => {
    const findings = await findingsOf(platformCheck, { env: podEnvironment() })
    expect(findings.map(({ message }) => message)).toEqual(['An EKS pod: pod:uid-1.'])
  })

  test('warns outside both, as AWS would', async () => {
    const findings = await findingsOf(platformCheck, { env: nowhere })
    expect(outcomesOf(findings)).toEqual(['NotOnAws'])
    expect(findings[0]?.message).toContain('PlatformNotSupportedException')
  })

  test('passes outside both where the calls go to another endpoint', async () => {
    const env = { ...nowhere, SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:7071' }
    expect(outcomesOf(await findingsOf(platformCheck, { env }))).toEqual(['pass'])
    const file = {
      productCode: 'code-1',
      route: 'metered',
      dimensions: ['requests'],
      settings: { SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:7071' },
    }
    const reader = { readText: () => JSON.stringify(file) }
    const fixed = await findingsOf(platformCheck, { env: nowhere, reader })
    expect(outcomesOf(fixed)).toEqual(['pass'])
  })

  test('fails on Bedrock AgentCore', async () => {
    const env = { ...nowhere, BEDROCK_AGENTCORE_RUNTIME: '1' }
    expect(outcomesOf(await findingsOf(platformCheck, { env }))).toEqual(['AgentCore'])
  })

  test('warns of a token that is not there', async () => {
    const env = { ...podEnvironment(), ...nowhere, AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' }
    const findings = await findingsOf(platformCheck, { env })
    expect(outcomesOf(findings)).toContain('Doubtful')
    expect(findings.map(({ message }) => message).join()).toContain('/nowhere/token')
  })
})

describe('the check region', () => {
  test('names the source that won and those that agree', async () => {
    const { env } = await taskEnvironment()
    const both = { env: { ...env, AWS_REGION: 'eu-west-1' } }
    expect(await findingsOf(regionCheck, both)).toMatchObject([
      { status: 'pass', message: 'eu-west-1, according to the ECS task ARN; AWS_REGION agrees.' },
    ])
  })

  test('fails for each source that disagrees, and names it in the fix', async () => {
    const env = { ...podEnvironment(), AWS_REGION: 'us-east-1', SIDECAR_REGION: 'eu-west-2' }
    const findings = await findingsOf(regionCheck, { env })
    expect(outcomesOf(findings)).toEqual(['Mismatch', 'Mismatch'])
    expect(findings.map(({ fix }) => fix)).toEqual([
      'Remove SIDECAR_REGION, or set it to the region where this runs.',
      'Remove AWS_REGION, or set it to the region where this runs.',
    ])
  })

  test('fails where the product file meters its customers in another region', async () => {
    const file = {
      productCode: 'code-1',
      route: 'saas',
      region: 'eu-west-1',
      customerIds: 'account',
      dimensions: ['requests'],
    }
    const reader = { readText: () => JSON.stringify(file) }
    const findings = await findingsOf(regionCheck, { env: podEnvironment('us-east-1'), reader })
    expect(findings).toMatchObject([
      {
        problem: 'OfOtherCustomers',
        message:
          'This runs in us-east-1 (eks-token-issuer), and the product file meters customers in eu-west-1.',
      },
    ])
  })

  test('fails when no source names it, and only once', async () => {
    const region = await findingsOf(regionCheck, { env: nowhere })
    expect(region).toMatchObject([{ problem: 'Unknown', message: 'No source names a region.' }])
    const platform = await findingsOf(platformCheck, { env: nowhere })
    expect(platform.map(({ message }) => message).join()).not.toContain('No source names a region')
  })

  test('has one line for a machine that is not AWS, although its metadata service is silent', async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' }
    expect(outcomesOf(await findingsOf(platformCheck, { env }))).toEqual(['NotOnAws'])
  })

  test('warns of a region where AWS is not known to meter, and only once', async () => {
    const env = podEnvironment('af-south-1')
    expect(outcomesOf(await findingsOf(regionCheck, { env }))).toEqual(['pass', 'NotListed'])
    expect(outcomesOf(await findingsOf(platformCheck, { env }))).toEqual(['pass'])
  })

  test('is skipped when a setting about it is wrong', async () => {
    const findings = await findingsOf(regionCheck, { env: { SIDECAR_REGION: 'Ireland' } })
    expect(findings).toMatchObject([
      { status: 'skip', message: 'Not checked: SIDECAR_REGION is wrong.' },
    ])
  })
})

describe('the check credentials', () => {
  test('names the role of the task, and nothing secret of it', async () => {
    const findings = await findingsOf(credentialsCheck, await taskEnvironment())
    expect(findings).toMatchObject([
      { status: 'pass', message: `The role of the task: ${roleArn}.` },
    ])
    expect(JSON.stringify(findings)).not.toContain('top-secret')
  })

  test.each([
    ['refuses', 404],
    ['has none', { AccessKeyId: undefined }],
    ['does not answer with JSON', '{"SecretAccessKey": top-secret}'],
  ])('fails when the endpoint of the task %s', async (_name, answer) => {
    const findings = await findingsOf(credentialsCheck, await taskEnvironment(answer))
    expect(outcomesOf(findings)).toEqual(['NoCredentials'])
    expect(findings[0]?.fix).toContain('taskRoleArn')
    expect(findings[0]?.message).not.toContain('top-secret')
  })

  test('asks no endpoint outside this machine', async () => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://example.com/credentials', ...nowhere }
    expect(await findingsOf(credentialsCheck, { env })).toMatchObject([
      { status: 'pass', message: 'The role of the task: its endpoint does not say which one.' },
    ])
  })

  test('names the role of the service account', async () => {
    const [finding] = await findingsOf(credentialsCheck, { env: podEnvironment() })
    expect(finding?.message).toContain('(IRSA): arn:aws:iam::111122223333:role/seller-pod.')
  })

  test.each([
    ['access keys', { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'top-secret' }],
    ['the role of the node', { AWS_WEB_IDENTITY_TOKEN_FILE: '' }],
    [
      'EKS Pod Identity',
      {
        AWS_WEB_IDENTITY_TOKEN_FILE: '',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      },
    ],
  ])('warns of %s in a pod, with what to do', async (words, more) => {
    const env = { ...podEnvironment(), AWS_REGION: 'eu-central-1', ...more }
    const findings = await findingsOf(credentialsCheck, { env })
    expect(outcomesOf(findings)).toEqual(['RefusedKind'])
    expect(findings[0]?.message).toContain(words)
    expect(findings[0]?.message).toMatch(/accepts only the role of the service account \(IRSA\)\.$/)
    expect(findings[0]?.fix).toContain('eks.amazonaws.com/role-arn')
    expect(JSON.stringify(findings)).not.toContain('top-secret')
  })
})
