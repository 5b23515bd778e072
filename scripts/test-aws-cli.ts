/**
 * `npm run test:aws-cli`: the real AWS CLI against the emulated Metering service. The CLI is kept in
 * `.cache`; Python 3 with `venv` brings it there the first time.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { importSPKI, jwtVerify } from 'jose'

const run = promisify(execFile)

const awsCli = 'awscli==1.45.11'
const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, '.cache/aws-cli')
const region = 'eu-west-1'
const productCode = '1a2b3cdemo4d5e6f7g8h9i0jk'

/** The path of `aws`, installed when this is the first time. */
async function awsPath(): Promise<string> {
  const home = join(cache, awsCli.replace('==', '-'))
  const aws = join(home, 'bin/aws')
  if (await exists(aws)) return aws
  await mkdir(cache, { recursive: true })
  await rm(home, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', home])
  } catch (cause) {
    await rm(home, { recursive: true, force: true })
    throw new Error(
      'This test needs Python 3 with its module venv, which brings the AWS CLI. Install them (on Debian: apt-get install python3-venv).',
      { cause },
    )
  }
  try {
    const flags = ['--quiet', '--disable-pip-version-check', '--no-input']
    await run(join(home, 'bin/pip'), ['install', ...flags, awsCli])
  } catch (cause) {
    await rm(home, { recursive: true, force: true })
    throw new Error(`pip could not install ${awsCli}: is the package index in reach?`, { cause })
  }
  return aws
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

interface Emulator {
  readonly url: string
  stop(): Promise<void>
}

/** On a port that is free. It ends with its standard input, and so never outlives this test. */
async function startEmulator(): Promise<Emulator> {
  const args = ['src/main.ts', 'emulate', '--port', '0', '--follow-stdin']
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the emulator did not start')))
    createInterface(child.stdout).on('line', (line) => {
      const [, found] = /^emulator ready at (\S+)/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  return {
    url,
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

type Metering = (operation: string, options: Readonly<Record<string, string>>) => Promise<Answer>
type Answer = Readonly<Record<string, unknown>>

/** Calls the CLI with nothing of this machine's settings and credentials. */
function meteringWith(aws: string, endpoint: string, home: string): Metering {
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    AWS_ACCESS_KEY_ID: 'AKIAAWSCLITEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  }
  return async (operation, options) => {
    const flags = Object.entries(options).flatMap(([name, value]) =>
      value === '' ? [`--${name}`] : [`--${name}`, value],
    )
    const where = ['--endpoint-url', endpoint, '--region', region, '--output', 'json']
    const args = ['meteringmarketplace', operation, ...flags, ...where]
    const { stdout } = await run(aws, args, { env })
    return JSON.parse(stdout) as Answer
  }
}

async function test(aws: string, emulator: Emulator, home: string): Promise<void> {
  const metering = meteringWith(aws, emulator.url, home)
  const control = async (path: string) => fetch(`${emulator.url}/_emulator/${path}`)
  const records = async () => ((await (await control('records')).json()) as Answer)['records']

  const registered = await metering('register-usage', {
    'product-code': productCode,
    'public-key-version': '1',
    nonce: 'a-nonce',
  })
  const key = await importSPKI(await (await control('public-key')).text(), 'PS256')
  const token = String(registered['Signature'])
  const { payload } = await jwtVerify(token, key, { algorithms: ['PS256'] })
  assert.deepEqual(
    { ...payload, iat: 0 },
    { productCode, publicKeyVersion: 1, nonce: 'a-nonce', iat: 0 },
  )
  console.log('register-usage: the token holds under the emulator’s public key')

  const usage = {
    'product-code': productCode,
    'usage-dimension': 'requests',
    'usage-quantity': '7',
    timestamp: new Date().toISOString(),
  }
  await metering('meter-usage', { ...usage, 'dry-run': '' })
  assert.deepEqual(await records(), [])
  console.log('meter-usage --dry-run: allowed, and nothing recorded')

  const first = await metering('meter-usage', usage)
  assert.match(String(first['MeteringRecordId']), /^[0-9a-f-]{36}$/)
  assert.deepEqual(await metering('meter-usage', usage), first)
  await assert.rejects(metering('meter-usage', { ...usage, 'usage-quantity': '8' }), {
    stderr: /DuplicateRequestException/,
  })
  const quantities = ((await records()) as { quantity: number }[]).map(({ quantity }) => quantity)
  assert.deepEqual(quantities, [7])
  console.log('meter-usage: recorded once, repeated alike, refused when it differs')

  const record = {
    Timestamp: usage.timestamp,
    CustomerIdentifier: 'demoCustomer01',
    Dimension: 'storage',
    Quantity: 3,
  }
  const batch = await metering('batch-meter-usage', {
    'product-code': productCode,
    'usage-records': JSON.stringify([record]),
  })
  assert.deepEqual(batch['UnprocessedRecords'], [])
  assert.equal((batch['Results'] as { Status: string }[])[0]?.Status, 'Success')
  console.log('batch-meter-usage: recorded')
}

const aws = await awsPath()
const home = await mkdtemp(join(tmpdir(), 'aws-cli-'))
const emulator = await startEmulator()
try {
  await test(aws, emulator, home)
} finally {
  await emulator.stop()
  await rm(home, { recursive: true, force: true })
}
