import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clockCheck } from '../../../src/doctor/checks/check-clock.ts'
import type { Check, Finding } from '../../../src/doctor/check.ts'
import { dnsCheck } from '../../../src/doctor/checks/check-dns.ts'
import { tcpCheck, tcpProblem } from '../../../src/doctor/checks/check-tcp.ts'
import { tlsCheck } from '../../../src/doctor/checks/check-tls.ts'
import type { Machine } from '../../../src/doctor/machine.ts'
import { isPrivateAddress } from '../../../src/doctor/private-address.ts'
import { findingsOf, outcomesOf } from '../../support/doctor/test-machine.ts'
import { makeCertificate, type Certificate } from '../../support/doctor/make-certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/sidecar/metadata-server.ts'
import { startEmulator } from '../../service/emulator/harness.ts'
import { startDeafListener } from '../aws/support.ts'

const aws = 'metering.marketplace.eu-west-1.amazonaws.com'
const here: Machine['lookup'] = () => Promise.resolve(['127.0.0.1'])

/** A machine whose endpoint is `url`. */
const endpoint = (url: string, more: Partial<Machine> = {}): Partial<Machine> => ({
  env: { SIDECAR_AWS_ENDPOINT: url, AWS_EC2_METADATA_DISABLED: 'true' },
  lookup: here,
  ...more,
})

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A server that shows a certificate. */
async function tlsServer(certificate: Certificate): Promise<number> {
  const server = createTlsServer(certificate, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  return listen(server)
}

/** A server that accepts connections and never sends anything. */
const mute = () => listen(createServer(() => {}))

/** What a check finds that waits until its time is over, on a clock that only the test moves. */
async function afterTimeout(check: Check, machine: Partial<Machine>): Promise<readonly Finding[]> {
  const clock = new ManualClock()
  const pending = findingsOf(check, { ...machine, clock })
  await until(() => clock.waiting > 0)
  await clock.advance(9999)
  expect(clock.waiting).toBe(1)
  await clock.advance(1)
  const findings = await pending
  expect(clock.waiting).toBe(0)
  return findings
}

describe('the check dns', () => {
  const machine = (lookup: Machine['lookup']) => endpoint(`https://${aws}`, { lookup })
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))

  test('distinguishes a VPC endpoint from the internet', async () => {
    const [inside] = await findingsOf(
      dnsCheck,
      machine(() => Promise.resolve(['10.0.3.7', '10.0.4.7'])),
    )
    expect(inside?.message).toBe(
      `${aws} has private addresses, a VPC endpoint: 10.0.3.7, 10.0.4.7.`,
    )
    const [outside] = await findingsOf(
      dnsCheck,
      machine(() => Promise.resolve(['52.94.1.1'])),
    )
    expect(outside?.message).toContain('public addresses, AWS over the internet: 52.94.1.1.')
  })

  test.each([
    ['ENOTFOUND', 'UnknownName', 'enableDnsSupport'],
    ['EAI_AGAIN', 'NoResolver', 'port 53'],
  ])('explains %s', async (code, problem, words) => {
    const findings = await findingsOf(dnsCheck, machine(failing(code)))
    expect(outcomesOf(findings)).toEqual([problem])
    expect(findings[0]?.fix).toContain(words)
  })

  test('gives up a resolver that does not answer', async () => {
    const silent = machine(() => new Promise(() => {}))
    expect(outcomesOf(await afterTimeout(dnsCheck, silent))).toEqual(['NoResolver'])
  })

  test('has nothing to do for an address, and nothing to ask without a region', async () => {
    expect(outcomesOf(await findingsOf(dnsCheck, endpoint('https://[::1]:1')))).toEqual(['pass'])
    const env = { AWS_EC2_METADATA_DISABLED: 'true' }
    expect(outcomesOf(await findingsOf(dnsCheck, { env }))).toEqual(['skip'])
    expect(outcomesOf(await findingsOf(dnsCheck, endpoint('ftp://x')))).toEqual(['skip'])
  })

  test.each([
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['100.64.0.1', true],
    ['fd12::1', true],
    ['2600:1f18::1', false],
  ])('counts %s as private: %s', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected)
  })
})

describe('the check tcp', () => {
  test('passes with an open port', async () => {
    const port = await mute()
    expect(await findingsOf(tcpCheck, endpoint(`https://${aws}:${port}`))).toMatchObject([
      { status: 'pass', message: `127.0.0.1 accepts connections on port ${port}.` },
    ])
  })

  test('tries every address', async () => {
    const port = await mute()
    const lookup: Machine['lookup'] = () => Promise.resolve(['127.0.0.9', '127.0.0.1'])
    const machine = endpoint(`https://${aws}:${port}`, { lookup })
    const [finding] = await findingsOf(tcpCheck, machine)
    expect(finding?.message).toBe(`127.0.0.1 accepts connections on port ${port}.`)
  })

  test('explains a closed port', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const findings = await findingsOf(tcpCheck, endpoint(`https://${aws}:${port}`))
    expect(outcomesOf(findings)).toEqual(['Refused'])
  })

  test('gives up a port that never answers, and points at the security group', async () => {
    const deaf = await startDeafListener()
    onTestFinished(() => deaf.release())
    const findings = await afterTimeout(tcpCheck, endpoint(`https://${aws}:${deaf.port}`))
    expect(outcomesOf(findings)).toEqual(['PrivateSilent'])
    expect(findings[0]?.message).toContain('No connection opened in 10000 ms')
    expect(findings[0]?.fix).toContain(
      `In the security group of the VPC endpoint com.amazonaws.eu-west-1.metering-marketplace, allow port ${deaf.port}`,
    )
  })

  test('waits for all addresses at once', async () => {
    const deaf = await startDeafListener()
    onTestFinished(() => deaf.release())
    const clock = new ManualClock()
    const lookup: Machine['lookup'] = () => Promise.resolve(['127.0.0.1', '127.0.0.1'])
    const pending = findingsOf(tcpCheck, endpoint(`https://${aws}:${deaf.port}`, { lookup, clock }))
    await until(() => clock.waiting === 2)
    await clock.advance(10_000)
    expect(outcomesOf(await pending)).toEqual(['PrivateSilent'])
  })

  test.each([
    ['ETIMEDOUT', ['52.94.1.1'], 'PublicSilent'],
    ['ETIMEDOUT', ['10.0.0.1'], 'PrivateSilent'],
    ['ECONNREFUSED', ['52.94.1.1'], 'Refused'],
    ['ENETUNREACH', ['52.94.1.1'], 'Unreachable'],
    ['EHOSTUNREACH', ['10.0.0.1'], 'Unreachable'],
  ])('%s from %j is %s', (code, addresses, problem) => {
    expect(tcpProblem(code, addresses)).toBe(problem)
  })

  test('has for each of them another fix', () => {
    const fixes = Object.values(tcpCheck.problems).map(({ fix }) => fix)
    expect(new Set(fixes).size).toBe(4)
    expect(tcpCheck.problems['PublicSilent']?.fix).toContain('private DNS is off')
  })
})

describe('the check tls', () => {
  const good = makeCertificate({ names: [aws], organization: 'Amazon' })
  const check = async (certificate: Certificate, more: Partial<Machine> = {}) => {
    const port = await tlsServer(certificate)
    return findingsOf(
      tlsCheck,
      endpoint(`https://${aws}:${port}`, { ca: certificate.cert, ...more }),
    )
  }

  test('passes a certificate of Amazon that is trusted', async () => {
    const findings = await check(good)
    expect(outcomesOf(findings)).toEqual(['pass'])
    expect(findings[0]?.message).toMatch(
      /signed by Amazon, .*, valid to Jan {2}1 00:00:00 2049 GMT/,
    )
  })

  test('uses the address that answers', async () => {
    const lookup: Machine['lookup'] = () => Promise.resolve(['127.0.0.9', '127.0.0.1'])
    expect(outcomesOf(await check(good, { lookup }))).toEqual(['pass'])
  })

  test('knows a proxy that opens TLS, by whom it names', async () => {
    const proxy = makeCertificate({ names: [aws], organization: 'Corp Proxy' })
    const findings = await check(proxy, { ca: good.cert })
    expect(outcomesOf(findings)).toEqual(['NotTrusted'])
    expect(findings[0]?.message).toContain('signed by Corp Proxy')
    expect(findings[0]?.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(findings[0]?.fix).toContain('NODE_EXTRA_CA_CERTS')
  })

  test('warns of such a proxy when the machine trusts it', async () => {
    const findings = await check(makeCertificate({ names: [aws], organization: 'Corp Proxy' }))
    expect(outcomesOf(findings)).toEqual(['Opened'])
    expect(findings[0]?.fix).toContain(aws)
  })

  test('names what a certificate for others is for', async () => {
    const findings = await check(makeCertificate({ names: ['sts.amazonaws.com'] }))
    expect(outcomesOf(findings)).toEqual(['WrongName'])
    expect(findings[0]?.message).toContain('but for sts.amazonaws.com')
  })

  test.each([
    ['CERT_HAS_EXPIRED', { notAfter: '2021-01-01' }],
    ['CERT_NOT_YET_VALID', { notBefore: '2048-01-01' }],
  ])('reports %s', async (code, times) => {
    const findings = await check(makeCertificate({ names: [aws], ...times }))
    expect(outcomesOf(findings)).toEqual(['WrongTime'])
    expect(findings[0]?.message).toContain(code)
  })

  test.each([
    ['hangs up', (socket: Socket) => socket.once('data', () => socket.destroy())],
    ['speaks no TLS', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('explains a peer that %s', async (_name, answer) => {
    const server = createServer((socket) => answer(socket.on('error', () => {})))
    const findings = await findingsOf(tlsCheck, endpoint(`https://${aws}:${await listen(server)}`))
    expect(outcomesOf(findings)).toEqual(['NoHandshake'])
  })

  test('gives up a peer that never answers', async () => {
    const machine = endpoint(`https://${aws}:${await mute()}`)
    expect(outcomesOf(await afterTimeout(tlsCheck, machine))).toEqual(['Silent'])
  })

  test('accepts plain HTTP only on this machine', async () => {
    const run = (url: string) => findingsOf(tlsCheck, endpoint(url))
    expect(outcomesOf(await run('http://127.0.0.1:1'))).toEqual(['pass'])
    expect(outcomesOf(await run('http://emulator:7071'))).toEqual(['NoTls'])
  })
})

describe('the check clock', () => {
  async function skewed(ms: number) {
    const emulator = await startEmulator()
    onTestFinished(() => emulator.close())
    const clock = new ManualClock(emulator.clock.now() + ms)
    return findingsOf(clockCheck, endpoint(emulator.url, { clock }))
  }

  test.each([
    [0, 'pass', "Within 1 s of the endpoint's."],
    [-59_000, 'pass', "Within 59 s of the endpoint's."],
    [61_000, 'Doubtful', "61 s ahead of the endpoint's"],
    [-300_000, 'Doubtful', "300 s behind the endpoint's"],
    [301_000, 'Wrong', "301 s ahead of the endpoint's, 2026-03-10T09:15:00.000Z"],
  ])('judges a clock that is %i ms off: %s', async (ms, outcome, words) => {
    const findings = await skewed(ms)
    expect(outcomesOf(findings)).toEqual([outcome])
    expect(findings[0]?.message).toContain(words)
  })

  test('asks over TLS as well', async () => {
    const certificate = makeCertificate({ names: ['localhost'] })
    const server = createTlsServer(certificate, (socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\ndate: Tue, 10 Mar 2026 09:15:02 GMT\r\n\r\n'),
    )
    const machine = { ca: certificate.cert, clock: new ManualClock('2026-03-10T09:15:00Z') }
    const url = `https://localhost:${await listen(server)}`
    const [finding] = await findingsOf(clockCheck, endpoint(url, machine))
    expect(finding).toMatchObject({ status: 'pass', message: "Within 2 s of the endpoint's." })
  })

  test('warns when the answer has no Date, or there is no answer', async () => {
    const timeless = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    const run = async (server: Server) =>
      outcomesOf(await findingsOf(clockCheck, endpoint(`http://127.0.0.1:${await listen(server)}`)))
    expect(await run(timeless)).toEqual(['NoTime'])
    expect(await run(createServer((socket) => socket.destroy()))).toEqual(['NoTime'])
    const silent = endpoint(`http://127.0.0.1:${await mute()}`)
    expect(outcomesOf(await afterTimeout(clockCheck, silent))).toEqual(['NoTime'])
  })
})
