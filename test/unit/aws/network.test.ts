import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { MarketplaceMeteringOptions } from '../../../src/aws/marketplace-metering.ts'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import type { SidecarEvents } from '../../../src/kernel/events.ts'
import { routeHost } from '../../support/aws/route-host.ts'
import { makeCertificate } from '../../support/doctor/make-certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { scratch } from '../../support/scratch.ts'
import {
  answer,
  failureOf,
  openMetering,
  record,
  startDeafListener,
  startEndpoint,
  type FakeEndpoint,
} from './support.ts'

let endpoint: FakeEndpoint
let api: MeteringApi
let calls: SidecarEvents['awsCalled'][]

const open = (more?: Partial<MarketplaceMeteringOptions>) => openMetering(endpoint, calls, more)

beforeEach(async () => {
  calls = []
  endpoint = await startEndpoint(answer(200, { MeteringRecordId: 'id-1' }))
  api = open()
})

afterEach(async () => {
  vi.unstubAllEnvs()
  api.close()
  await endpoint.close()
})

describe('the network', () => {
  test('a closed port was never reached', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const other = open({ endpoint: `http://127.0.0.1:${port}` })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      code: 'ECONNREFUSED',
      kind: 'unavailable',
      ambiguous: false,
      advice: expect.stringMatching(/^Nothing answers at SIDECAR_AWS_ENDPOINT.*start the emulator/),
    })
    other.close()
  })

  test('a connection that does not open in time was never there', async () => {
    const deaf = await startDeafListener()
    const other = open({ endpoint: `http://127.0.0.1:${deaf.port}`, timeoutMs: 400 })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      code: 'ConnectTimeout',
      kind: 'unavailable',
      ambiguous: false,
    })
    other.close()
    await deaf.release()
  })

  test('a connection reset after the request went out is ambiguous', async () => {
    endpoint.reply = (response) => response.socket?.resetAndDestroy()
    expect(failureOf(await api.meterUsage(record))).toMatchObject({
      code: 'ECONNRESET',
      kind: 'unavailable',
      ambiguous: true,
    })
  })

  test('a connection that is closed without an answer is ambiguous', async () => {
    endpoint.reply = (response) => response.socket?.destroy()
    expect(failureOf(await api.meterUsage(record))).toMatchObject({ ambiguous: true })
  })

  test('no answer in time is ambiguous', async () => {
    endpoint.reply = () => {}
    const other = open({ timeoutMs: 400 })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      code: 'TimeoutError',
      kind: 'unavailable',
      ambiguous: true,
    })
    expect(calls[0]?.clockSkewSeconds).toBeUndefined()
    other.close()
  })

  test('an answer that never ends is given up', async () => {
    endpoint.reply = (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"Metering')
    }
    const timers = new ManualClock()
    const other = open({ timers })
    const call = other.meterUsage(record)
    await vi.waitFor(() => expect(endpoint.seen).toHaveLength(1))
    // However far the wall clock goes back.
    timers.step(-3_600_000)
    await timers.advance(4_000)
    expect(failureOf(await call)).toMatchObject({
      code: 'TimeoutError',
      message: expect.stringContaining('no whole answer within 4 seconds'),
      ambiguous: true,
    })
    other.close()
  })

  test('nothing of a call waits for its deadline once it is answered', async () => {
    const timers = new ManualClock()
    const other = open({ timers })
    expect((await other.meterUsage(record)).ok).toBe(true)
    endpoint.reply = answer(400, { __type: 'ThrottlingException' })
    expect(failureOf(await other.meterUsage(record)).kind).toBe('throttled')
    expect(timers.waiting).toBe(0)
    other.close()
  })

  test('a port that speaks no TLS broke off before the request', async () => {
    const other = open({ endpoint: endpoint.url.replace('http:', 'https:') })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({ kind: 'unavailable' })
    expect(endpoint.seen).toHaveLength(0)
    other.close()
  })

  test('a peer that hangs up during the TLS handshake never saw the request', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy()))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const other = open({ endpoint: `https://127.0.0.1:${port}` })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      code: 'TlsHandshakeFailed',
      ambiguous: false,
    })
    other.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

const stsHost = 'sts.eu-west-1.amazonaws.com'

/** An AWS config that sends every call elsewhere. */
const configOf = (url: string) => `[default]
services = mine
endpoint_url = ${url}
[services mine]
sts =
  endpoint_url = ${url}
`

describe('credentials', () => {
  /** An environment in which the SDK finds nothing, and looks for nothing over the network. */
  function noCredentials() {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
    vi.stubEnv('AWS_PROFILE', undefined)
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', undefined)
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', undefined)
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null')
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    return open({ credentials: undefined })
  }

  function webIdentity() {
    const other = noCredentials()
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', import.meta.filename)
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/app')
    return other
  }

  /** A security token service under AWS's own name. */
  async function startSts(reply: Parameters<typeof startEndpoint>[0], host = stsHost) {
    const certificate = makeCertificate({ names: [host] })
    const sts = await startEndpoint(reply, certificate)
    const unroute = routeHost(host, { port: sts.port, cert: certificate.cert })
    onTestFinished(async () => {
      unroute()
    })
    return sts
  }

  test.each([
    ['AWS_ENDPOINT_URL_STS', stsHost, {}],
    ['AWS_ENDPOINT_URL', stsHost, {}],
    ['services of AWS_CONFIG_FILE', stsHost, {}],
    [
      'AWS_ENDPOINT_URL_STS, also for FIPS,',
      'sts-fips.eu-west-1.amazonaws.com',
      { fips: true, dualStack: false },
    ],
    [
      'AWS_ENDPOINT_URL_STS, also for dual-stack,',
      'sts.eu-west-1.api.aws',
      { fips: false, dualStack: true },
    ],
  ])('%s never leads a call for credentials away from %s', async (setting, host, form) => {
    const elsewhere = await startEndpoint(answer(200, ''))
    const sts = await startSts(answer(403, ''), host)
    webIdentity().close()
    const folder = mkdtempSync(join(scratch, 'aws-config-'))
    const file = join(folder, 'config')
    writeFileSync(file, configOf(elsewhere.url))
    if (setting.startsWith('services')) vi.stubEnv('AWS_CONFIG_FILE', file)
    else vi.stubEnv(setting.split(',', 1)[0] ?? '', elsewhere.url)
    const endpointForm = 'fips' in form ? form : { fips: false, dualStack: false }
    const other = open({ credentials: undefined, endpointForm })
    expect((await other.meterUsage(record)).ok).toBe(false)
    expect(sts.seen[0]?.body).toMatchObject({ Action: 'AssumeRoleWithWebIdentity' })
    expect(elsewhere.seen).toEqual([])
    other.close()
    await elsewhere.close()
  })

  test('a certificate that nothing vouches for is refused, also where Node is told to trust all', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const tls = makeCertificate({ names: ['localhost'] })
    const impostor = await startEndpoint(answer(200, { MeteringRecordId: 'id-1' }), tls)
    const other = open({ endpoint: `https://localhost:${impostor.port}` })
    expect(failureOf(await other.meterUsage(record))).toMatchObject({ ambiguous: false })
    expect(impostor.seen).toEqual([])
    other.close()
    await impostor.close()
  })

  test('without any the request never goes out, and the advice names the roles', async () => {
    const other = noCredentials()
    const failure = failureOf(await other.meterUsage(record))
    expect(failure).toMatchObject({ kind: 'credentials', ambiguous: false })
    expect(failure.advice).toContain('task role')
    expect(endpoint.seen).toHaveLength(0)
    other.close()
  })

  test('a token file that does not exist is named', async () => {
    const other = webIdentity()
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', '/nowhere/token')
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      code: 'ENOENT',
      kind: 'credentials',
      ambiguous: false,
    })
    other.close()
  })

  test('an STS that refuses the role points at the trust policy', async () => {
    const sts = await startSts(
      answer(
        403,
        '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
        { 'content-type': 'text/xml' },
      ),
    )
    const other = webIdentity()
    const failure = failureOf(await other.meterUsage(record))
    expect(sts.seen[0]?.body).toMatchObject({ Action: 'AssumeRoleWithWebIdentity' })
    expect(failure).toMatchObject({ code: 'AccessDenied', kind: 'credentials', ambiguous: false })
    expect(failure.advice).toContain('trust policy')
    expect(endpoint.seen).toHaveLength(0)
    other.close()
  })

  test('an STS that fails is waited for', async () => {
    await startSts(answer(503, ''))
    const other = webIdentity()
    expect(failureOf(await other.meterUsage(record))).toMatchObject({
      kind: 'unavailable',
      ambiguous: false,
    })
    other.close()
  })

  test('an STS that hangs is given up, and the request never goes out', async () => {
    await startSts(() => {})
    const other = webIdentity()
    other.close()
    const hasty = open({ credentials: undefined, timeoutMs: 400 })
    const failure = failureOf(await hasty.meterUsage(record))
    expect(failure).toMatchObject({ kind: 'unavailable', ambiguous: false })
    expect(failure.advice).toContain('sts')
    expect(endpoint.seen).toHaveLength(0)
    hasty.close()
  })
})
