import { describe, expect, onTestFinished, test } from 'vitest'
import { checks } from '../../../src/doctor/checks/checks.ts'
import type { Machine } from '../../../src/doctor/machine.ts'
import { createRsaKey } from '../../support/aws/mint-token.ts'
import { demoSettings, testMachine, publicKeyPath } from '../../support/doctor/test-machine.ts'
import { doctorJson, runDoctor } from '../../support/doctor/doctor-command.ts'
import { startMetadataServer } from '../../support/sidecar/metadata-server.ts'
import { temporaryDirectory } from '../../support/program/program.ts'
import { startEmulator, type Harness } from '../emulator/harness.ts'

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/0123456789abcdef'
const roleArn = 'arn:aws:iam::111122223333:role/seller-task'

/** An ECS task with a product file in the image and everything it needs, whose AWS is the emulator. */
async function healthyTask(
  aws: Harness,
  more: Readonly<Record<string, string>> = {},
): Promise<Machine> {
  const agent = await startMetadataServer((request, response) =>
    response.end(
      JSON.stringify(
        request.url === '/task' ? { TaskARN: taskArn } : { AccessKeyId: 'x', RoleArn: roleArn },
      ),
    ),
  )
  onTestFinished(() => agent.close())
  const product = {
    productCode: demoSettings().SIDECAR_PRODUCT_CODE,
    publicKeys: { 1: aws.emulator.publicKeyPem() },
    route: 'both',
    dimensions: ['requests', 'storage'],
    // Only the file in the image may name another endpoint than AWS's.
    settings: { SIDECAR_AWS_ENDPOINT: aws.url },
  }
  const directory = temporaryDirectory()
  return testMachine({
    env: {
      ECS_CONTAINER_METADATA_URI_V4: agent.url,
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials',
      SIDECAR_DATA_DIR: directory,
      SIDECAR_LISTEN: '127.0.0.1:0',
      SIDECAR_OPS_LISTEN: '127.0.0.1:0',
      ...more,
    },
    credentialsHost: agent.url,
    reader: {
      readText: (path) => (path === '/product.json' ? JSON.stringify(product) : undefined),
    },
    mountInfo: () => `30 22 0:2 / ${directory} rw - ext4 /dev/sdb rw`,
    clock: aws.clock,
  })
}

async function emulator(): Promise<Harness> {
  const aws = await startEmulator()
  onTestFinished(() => aws.close())
  return aws
}

describe('the command doctor', () => {
  test('ends with 0 in a task that has everything it needs', async () => {
    const { code, status, checks: findings } = await doctorJson(await healthyTask(await emulator()))
    expect(findings.filter(({ status: each }) => each !== 'pass' && each !== 'skip')).toEqual([])
    expect({ code, status }).toEqual({ code: 0, status: 'pass' })
    const ids = [...new Set(findings.map(({ id }) => id))]
    // Without a dimension that is scraped there is nothing to say of a page.
    const expected = checks.map(({ id }) => id).filter((id) => id !== 'metrics-page')
    expect(ids).toEqual(expected)
    expect(findings.find(({ id }) => id === 'dry-run')).toEqual({
      id: 'dry-run',
      subject: 'requests',
      status: 'pass',
      problem: null,
      message: 'requests: AWS would accept a record.',
      fix: null,
    })
  })

  test('ends with 1 when there are warnings', async () => {
    const machine = await healthyTask(await emulator(), { AWS_PROFILE: 'mine' })
    const { code, status, checks: findings } = await doctorJson(machine)
    expect({ code, status }).toEqual({ code: 1, status: 'warn' })
    expect(findings.find(({ status: each }) => each === 'warn')).toMatchObject({
      id: 'credentials',
      problem: 'RefusedKind',
      fix: expect.stringContaining('Remove AWS_PROFILE'),
    })
  })

  test('ends with 2 when something failed, and what depends on it is skipped', async () => {
    const aws = await emulator()
    const machine = await healthyTask(aws, { AWS_REGION: 'us-east-1' })
    const { code, checks: findings } = await doctorJson(machine)
    expect(code).toBe(2)
    const outcome = (id: string) => findings.find((finding) => finding.id === id)?.status
    expect(['region', 'tcp', 'register-usage', 'dry-run'].map(outcome)).toEqual([
      'fail',
      'pass',
      'skip',
      'skip',
    ])
    expect(await aws.control('calls')).toEqual({ calls: [] })
  })

  test('checks all that it can when settings are wrong', async () => {
    const machine = await healthyTask(await emulator(), { SIDECAR_FAIL_MODE: 'ajar' })
    const { code, checks: findings } = await doctorJson(machine)
    expect(code).toBe(2)
    expect(findings.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual([
      'settings',
    ])
    expect(findings.find(({ id }) => id === 'register-usage')?.status).toBe('pass')
  })

  test('prints a line for each finding, its fix below it, in 100 columns', async () => {
    const machine = testMachine({
      env: { AWS_EC2_METADATA_DISABLED: 'true', SIDECAR_LISTENING: 'x' },
    })
    const { code, out } = await runDoctor(machine)
    expect(code).toBe(2)
    expect(out.slice(0, 3)).toEqual([
      'fail  settings        SIDECAR_LISTENING: there is no such setting; did you mean SIDECAR_LISTEN?',
      '                      Fix: Correct it where the task or pod is defined.',
      '                      docs/reference/configuration.md has every setting.',
    ])
    expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(out.slice(out.indexOf('') + 1).join(' ')).toMatch(
      /^Failed: \d+ \(settings, .*\)\. Warnings: .*\. Passed: \d+\. Skipped: \d+\.$/,
    )
  })

  test('makes no call with --no-calls', async () => {
    const aws = await emulator()
    const { code, checks: findings } = await doctorJson(await healthyTask(aws), '--no-calls')
    expect(code).toBe(0)
    expect(findings.filter(({ id }) => id === 'dry-run')).toMatchObject([{ status: 'skip' }])
    expect(await aws.control('calls')).toEqual({ calls: [] })
  })

  test('prints no secret', async () => {
    const { privateKey } = createRsaKey(1024)
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const machine = testMachine({
      env: demoSettings({
        SIDECAR_API_TOKEN_FILE: 'not-a-path-but-a-token',
        AWS_SECRET_ACCESS_KEY: 'top-secret',
        AWS_ACCESS_KEY_ID: 'AKIAKEY',
      }),
      reader: { readText: (path) => (path === publicKeyPath ? secret : undefined) },
    })
    const text = (await runDoctor(machine)).out.join(' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain('a private key, which does not belong here')
    for (const word of ['not-a-path', 'top-secret', 'AKIAKEY', secret.split('\n')[1] ?? ''])
      expect(text).not.toContain(word)
  })
})
