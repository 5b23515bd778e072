import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundle } from '../../scripts/build/build.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { makeCertificate } from '../support/doctor/make-certificate.ts'
import { eventually } from '../support/eventually.ts'
import { startMetadataServer, type MetadataServer } from '../support/sidecar/metadata-server.ts'
import {
  postUsage,
  root,
  startCommand,
  startEmulatorProgram,
  statusOf,
  temporaryDirectory,
} from '../support/program/program.ts'

const stsHost = 'sts.eu-central-1.amazonaws.com'
const router = join(root, 'test/support/aws/route-by-environment.ts')
const expiration = '2099-01-01T00:00:00Z'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  await bundle(join(root, 'src/main.ts'), join(folder, 'main.js'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts a service that hands out credentials, for the running test. */
async function startService(answerOf: (path: string) => unknown): Promise<MetadataServer> {
  const service = await startMetadataServer((request, response) => {
    const answer = answerOf(request.url ?? '')
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  onTestFinished(() => service.close())
  return service
}

const credentialsOf = (accessKeyId: string) => ({
  AccessKeyId: accessKeyId,
  SecretAccessKey: 'secret',
  Token: 'session',
  Expiration: expiration,
})

/** Starts the bundle with these credentials only, and an emulated AWS. `flags` are Node's. */
async function callerWith(
  credentials: Readonly<Record<string, string>>,
  flags: readonly string[] = 'TEST_ROUTE_HOST' in credentials ? ['--import', router] : [],
) {
  const emulator = await startEmulatorProgram()
  const program = startCommand(process.execPath, [...flags, join(folder, 'main.js'), 'run'], {
    HOME: '/nowhere',
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_REGION: 'eu-central-1',
    SIDECAR_AWS_ENDPOINT: emulator.url,
    SIDECAR_LISTEN: '127.0.0.1:0',
    SIDECAR_OPS_LISTEN: '127.0.0.1:0',
    SIDECAR_DATA_DIR: join(temporaryDirectory(), 'data'),
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_ROUTE: 'metered',
    SIDECAR_DIMENSIONS: 'requests',
    SIDECAR_DRAIN_QUIET_MS: '0',
    ...credentials,
  })
  const [line = ''] = await program.printed(/^\{.*"event":"sidecar.started".*\}$/m)
  const app = `http://${(JSON.parse(line) as { app: string }).app}`
  return { program, app, emulator }
}

async function expectBilled(
  credentials: Readonly<Record<string, string>>,
  resource: string,
): Promise<void> {
  const { program, app, emulator } = await callerWith(credentials)
  expect(await statusOf(`${app}/v1/entitlement?wait=10`)).toBe(200)
  expect(await postUsage(app, { dimension: 'requests', quantity: 3 })).toBe(200)
  program.signal('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 0, err: '' })
  expect(await emulator.records()).toMatchObject([{ resource, quantity: 3 }])
}

describe('the bundle calls AWS', () => {
  /** Sets up what IRSA does in a pod, with a security token service of this test under AWS's name. */
  async function webIdentity() {
    const tokenFile = join(temporaryDirectory(), 'token')
    writeFileSync(tokenFile, 'a-token')
    const certificate = makeCertificate({ names: [stsHost] })
    const service = createServer(certificate, (_request, response) => {
      response.end(`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIAWEBIDENTITY</AccessKeyId>
  <SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
  <Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`)
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void service.close())
    return {
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/metering',
      AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
      TEST_ROUTE_HOST: stsHost,
      TEST_ROUTE_PORT: String((service.address() as AddressInfo).port),
      TEST_ROUTE_CERT: certificate.cert,
    }
  }

  test('with the web identity of a pod (IRSA)', async () => {
    await expectBilled(await webIdentity(), 'AKIAWEBIDENTITY')
  })

  test('with the web identity even when a profile is named that the image does not have', async () => {
    await expectBilled({ ...(await webIdentity()), AWS_PROFILE: 'dev' }, 'AKIAWEBIDENTITY')
  })

  test('with the role of a task, from the endpoint of its container', async () => {
    const service = await startService(() => credentialsOf('AKIATASKROLE'))
    const uri = `${service.url}/credentials`
    await expectBilled({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }, 'AKIATASKROLE')
    expect(service.requests).toContain('GET /credentials')
  })

  test('with the role of the machine (EC2), whatever proxy the environment names', async () => {
    const service = await startService((path) => {
      if (path === '/latest/api/token') return 'a-token'
      return path.endsWith('/a-role')
        ? { Code: 'Success', ...credentialsOf('AKIAINSTANCEROLE') }
        : 'a-role'
    })
    const environment = {
      AWS_EC2_METADATA_DISABLED: 'false',
      AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: 'http://127.0.0.1:1',
    }
    await expectBilled(environment, 'AKIAINSTANCEROLE')
  })

  test('with keys of the environment', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAKEYS', AWS_SECRET_ACCESS_KEY: 'secret' }
    await expectBilled(keys, 'AKIAKEYS')
  })
})

test('the bundle has no credentials where the only ones are a profile in a file', async () => {
  const file = join(temporaryDirectory(), 'credentials')
  writeFileSync(file, '[dev]\naws_access_key_id = AKIAFILE\naws_secret_access_key = secret\n')
  const { app } = await callerWith({ AWS_PROFILE: 'dev', AWS_SHARED_CREDENTIALS_FILE: file })
  const code = await eventually(async () => {
    const answer = (await (await fetch(`${app}/v1/entitlement`)).json()) as { code: string }
    return answer.code !== 'Starting' && answer.code
  })
  expect(code).toBe('CredentialsProviderError')
})

test('the bundle gives back the memory of its start when it has nothing to do', async () => {
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIAQUIET', AWS_SECRET_ACCESS_KEY: 'secret' }
  const { program } = await callerWith(credentials, ['--expose-gc', '--trace-gc'])
  await program.printed(/Mark-Compact \(reduce\)/)
  program.signal('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 0, err: '' })
})
