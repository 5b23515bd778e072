import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { appListenerCheck } from '../../../src/doctor/checks/check-app-listener.ts'
import { opsListenerCheck } from '../../../src/doctor/checks/check-ops-listener.ts'
import type { Check } from '../../../src/doctor/check.ts'
import type { Machine } from '../../../src/doctor/machine.ts'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import { problemOf } from '../../../src/http/listener/problem.ts'
import { listen } from '../../../src/http/listener/server.ts'
import { findingsOf, outcomesOf } from '../../support/doctor/test-machine.ts'
import { createIdleAppServer } from '../../support/sidecar/http-servers.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/sidecar/metadata-server.ts'
import { findFreePort } from '../../kill/free-port.ts'

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const app = (port: number, machine: Partial<Machine> = {}, more = {}) =>
  findingsOf(appListenerCheck, {
    env: { SIDECAR_LISTEN: `127.0.0.1:${port}`, ...more },
    ...machine,
  })
const ops = (port: number, host = '127.0.0.1', machine: Partial<Machine> = {}) =>
  findingsOf(opsListenerCheck, { env: { SIDECAR_OPS_LISTEN: `${host}:${port}` }, ...machine })

async function sidecar(options: Parameters<typeof createIdleAppServer>[0] = {}): Promise<number> {
  const server = createIdleAppServer(options)
  const listening = await listen(
    server,
    {
      host: '127.0.0.1',
      port: 0,
      option: '--port',
      maxConnections: 9,
      keptForLoopback: 0,
      bodyLimitBytes: 1024,
    },
    createSystemClock(),
  )
  onTestFinished(() => listening.close())
  return listening.port
}

const denied = {
  state: 'denied',
  entitled: false,
  code: 'CustomerNotEntitledException',
  message: 'Subscribe.',
  since: 0,
  retryAfterSeconds: undefined,
  publicKeyRotationAt: undefined,
  transitions: [],
} as const

test('the doctor of a demo waits in real time, however fast the hours of the demo pass', async () => {
  const clock = new ManualClock()
  const port = await serve((_request, response) => {
    void clock.advance(60_000).then(() => response.end('marketplace_info 1\n'))
  })
  const findings = await ops(port, '127.0.0.1', { clock, timers: createSystemClock() })
  expect(outcomesOf(findings)).toEqual(['pass'])
})

describe('the check app-listener', () => {
  test('knows a sidecar whose buyer is entitled', async () => {
    const findings = await app(await sidecar())
    expect(findings[0]).toMatchObject({ status: 'pass' })
    expect(findings[0]?.message).toMatch(/^A sidecar answers on .*, and its state is entitled\.$/)
  })

  test('warns of one whose buyer is not', async () => {
    const entitlement = {
      snapshot: () => denied,
      wait: () => Promise.resolve(denied),
      onChange: () => () => {},
    }
    const findings = await app(await sidecar({ entitlement }))
    expect(outcomesOf(findings)).toEqual(['NotEntitled'])
    expect(findings[0]?.message).toContain('denied: CustomerNotEntitledException: Subscribe.')
  })

  test('shows the token of the file, and does not print it', async () => {
    const port = await sidecar({ apiToken: 'token-of-sixteen-or-more' })
    const reader = (token: string) => ({
      reader: { readText: (path: string) => (path === '/token' ? token : undefined) },
    })
    const more = { SIDECAR_API_TOKEN_FILE: '/token' }
    expect(outcomesOf(await app(port, reader('token-of-sixteen-or-more\n'), more))).toEqual([
      'pass',
    ])
    const other = await app(port, reader('another-token-of-16'), more)
    expect(outcomesOf(other)).toEqual(['OtherToken'])
    expect(JSON.stringify(other)).not.toContain('another-token')
  })

  test('does not mistake a sidecar that is shutting down for another program', async () => {
    const problem = problemOf('ShuttingDown', 'No part of this request was recorded.')
    const port = await serve((_request, response) =>
      response.writeHead(503).end(JSON.stringify(problem)),
    )
    const findings = await app(port)
    expect(outcomesOf(findings)).toEqual(['skip'])
    expect(findings[0]?.message).toContain('ShuttingDown: No part of this request was recorded.')
  })

  test('warns that no sidecar runs, and fails where one is expected', async () => {
    const port = await findFreePort()
    const findings = await app(port)
    expect(findings[0]).toMatchObject({ status: 'warn', problem: 'NotRunning' })
    expect(outcomesOf(await app(port, { expectRunning: true }))).toEqual(['Down'])
    expect(findings[0]?.message).toMatch(/^No sidecar runs, and .* is free for one\.$/)
  })

  test('fails when another program has it', async () => {
    const port = await serve((_request, response) => response.end('hello'))
    expect(outcomesOf(await app(port))).toEqual(['Taken'])
  })

  test('gives up an answer that does not end', async () => {
    const port = await serve((_request, response) => {
      const more = () => void response.write('x'.repeat(65_536), more)
      more()
    })
    const findings = await app(port, { clock: new ManualClock() })
    expect(outcomesOf(findings)).toEqual(['Unreachable'])
    expect(findings[0]?.message).toContain('an answer above 16 MiB')
  })

  test('follows no redirect', async () => {
    const seen: (string | undefined)[] = []
    const elsewhere = await serve((request, response) => {
      seen.push(request.url)
      response.end('{"entitled":true,"state":"entitled"}')
    })
    const port = await serve((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end(),
    )
    expect(outcomesOf(await app(port))).toEqual(['Taken'])
    expect(seen).toEqual([])
  })

  test('gives up an answer that begins and stops', async () => {
    let begun = false
    const port = await serve((_request, response) => {
      response.write('{"entitled":', () => (begun = true))
    })
    const clock = new ManualClock()
    const pending = app(port, { clock })
    await until(() => begun)
    await clock.advance(10_000)
    expect(outcomesOf(await pending)).toEqual(['Unreachable'])
  })

  test('gives up what never answers', async () => {
    const port = await serve(() => {})
    const clock = new ManualClock()
    const pending = app(port, { clock })
    await until(() => clock.waiting > 0)
    await clock.advance(10_000)
    expect(outcomesOf(await pending)).toEqual(['Unreachable'])
  })

  test('is skipped when the system chooses the port, or the setting is wrong', async () => {
    expect(outcomesOf(await app(0))).toEqual(['skip'])
    expect(outcomesOf(await app(99_999))).toEqual(['skip'])
  })
})

describe('the check ops-listener', () => {
  const like = (live: number, metrics = 'marketplace_info{version="1"} 1') =>
    serve((request, response) => {
      if (request.url === '/livez') response.writeHead(live).end('the disk failed\n')
      else response.end(`# HELP\n${metrics}\n`)
    })

  test('knows a sidecar, behind a wildcard address too', async () => {
    const port = await like(200)
    expect(outcomesOf(await ops(port))).toEqual(['pass'])
    expect(outcomesOf(await ops(port, '0.0.0.0'))).toEqual(['pass'])
  })

  test('fails when the sidecar says that it is dead', async () => {
    const findings = await ops(await like(503))
    expect(outcomesOf(findings)).toEqual(['NotAlive'])
    expect(findings[0]?.message).toBe('/livez says: the disk failed')
  })

  test('fails for a sidecar that waits for its ledger, and takes it for no other program', async () => {
    const findings = await ops(await like(200, 'marketplace_ledger_readable 0'))
    expect(outcomesOf(findings)).toEqual(['NoLedger'])
    const open = 'marketplace_info{version="1"} 1\nmarketplace_ledger_readable 1'
    expect(outcomesOf(await ops(await like(200, open)))).toEqual(['pass'])
  })

  test('warns of a port that is free, and fails for one that another has', async () => {
    expect(outcomesOf(await ops(await findFreePort()))).toEqual(['NotRunning'])
    expect(outcomesOf(await ops(await serve((_, response) => response.end('ok'))))).toEqual([
      'Taken',
    ])
  })

  test('gives up what never answers', async () => {
    const port = await serve(() => {})
    const clock = new ManualClock()
    const pending = ops(port, '127.0.0.1', { clock })
    await until(() => clock.waiting > 0)
    await clock.advance(10_000)
    expect(outcomesOf(await pending)).toEqual(['Unreachable'])
  })

  test('does not take a sidecar for another program because its metrics come too late', async () => {
    const clock = new ManualClock()
    const port = await serve(({ url }, response) => {
      if (url === '/livez') response.end('ok')
      else void clock.advance(10_000)
    })
    const findings = await ops(port, '127.0.0.1', { clock })
    expect(outcomesOf(findings)).toEqual(['Unreachable'])
    expect(findings[0]?.message).toMatch(/\/metrics did not answer in 10000 ms\.$/)
  })

  test('is skipped when the system chooses the port', async () => {
    const check: Check = opsListenerCheck
    expect(
      outcomesOf(await findingsOf(check, { env: { SIDECAR_OPS_LISTEN: '0.0.0.0:0' } })),
    ).toEqual(['skip'])
  })
})
