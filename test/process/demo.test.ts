import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import {
  demoAddresses,
  earlyInTheHour,
  postUsage,
  startEmulatorProgram,
  startProgram,
  statusOf,
  temporaryDirectory,
  type DemoAddresses,
} from '../support/program/program.ts'

interface Customer {
  readonly key: string
  readonly licenseArn: string
}

const realKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
  type: 'spki',
  format: 'pem',
})

const anyPort = ['--port', '0', '--ops-port', '0']

async function startDemo(...args: string[]) {
  const program = startProgram(['demo', ...anyPort, ...args])
  const addresses = await demoAddresses(program)
  return { program, ...addresses }
}

const portOf = (url: string) => new URL(url).port

async function isEntitled({ app }: DemoAddresses): Promise<boolean> {
  return (await statusOf(`${app}/v1/entitlement?wait=5`)) === 200
}

async function scraped({ app }: DemoAddresses): Promise<number> {
  return (await fetch(`${app}/v1/scrape`, { method: 'POST' })).status
}

describe('the demo', () => {
  test('entitles, accepts three reports, sends one record with their sum, and ends both processes', async () => {
    const demo = await startDemo('--emulator-port', '0', '--hour', '4s')
    expect(await isEntitled(demo)).toBe(true)
    const ask = async (path: string) => (await fetch(`${demo.emulator}/_emulator/${path}`)).json()
    await earlyInTheHour(demo)
    for (const quantity of [1, 2, 3])
      expect(await postUsage(demo.app, { dimension: 'requests', quantity })).toBe(200)
    await eventually(async () => {
      const { records } = (await ask('records')) as { records: { quantity: number }[] }
      return records.length > 0 && records
    })
    expect(await ask('records')).toMatchObject({
      records: [{ dimension: 'requests', quantity: 6 }],
    })

    demo.program.signal('SIGTERM')
    const { code, out, err } = await demo.program.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^sent {9}\S+: 6 requests, MeteringRecordId /m)
    expect(await statusOf(`${demo.emulator}/_emulator/clock`)).toBe(0)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'sends the open hour when %s ends it',
    async (signal) => {
      const emulator = await startEmulatorProgram('--hour', '1h')
      const demo = await startDemo('--emulator', emulator.url)
      expect(await isEntitled(demo)).toBe(true)
      await postUsage(demo.app, { dimension: 'requests', quantity: 5 })
      expect(await emulator.records()).toEqual([])
      const [, place = ''] = await demo.program.printed(
        /^ {2}npm run cli -- ledger show --data-dir (\S+)$/m,
      )
      const shown = await startProgram(['ledger', 'show', '--data-dir', place]).ended
      expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/^\S+ +requests +5$/m) })
      demo.program.signal(signal)
      expect(await demo.program.ended).toMatchObject({ code: 0, err: '' })
      expect(await emulator.records()).toMatchObject([{ dimension: 'requests', quantity: 5 }])
    },
  )

  test.each([
    // It reads the page at its start, and the counters from 0.
    ['prometheus', 'shows', async (demo: DemoAddresses) => (await scraped(demo)) === 200],
    ['otlp', 'sends', () => true],
  ] as const)(
    'with --source %s counts what an application %s, to the last request',
    async (source, _, isBegun) => {
      const emulator = await startEmulatorProgram('--hour', '1h')
      const demo = await startDemo('--emulator', emulator.url, '--source', source)
      expect(await isEntitled(demo)).toBe(true)
      const [, application = ''] = await demo.program.printed(/curl (localhost:\d+)\/ /)
      await eventually(() => isBegun(demo))
      for (const path of ['', '', 'free', ''])
        expect(await statusOf(`http://${application}/${path}`)).toBe(200)
      demo.program.signal('SIGTERM')
      expect(await demo.program.ended).toMatchObject({ code: 0, err: '' })
      expect(await emulator.records()).toMatchObject([{ dimension: 'requests', quantity: 3 }])
    },
  )

  test('with a token suggests commands that have it, and its events arrive', async () => {
    const tokenFile = join(temporaryDirectory(), 'token')
    writeFileSync(tokenFile, 'a-token-of-the-application')
    const args = ['demo', ...anyPort, '--emulator-port', '0', '--hour', '1h', '--route', 'saas']
    const program = startProgram(args, { SIDECAR_API_TOKEN_FILE: tokenFile })
    const { emulator } = await demoAddresses(program)
    await program.printed(
      /^ {2}curl -f localhost:\d+\/v1\/entitlement -H "Authorization: Bearer \$\(cat \S+\)"$/m,
    )
    const [, event = ''] = await program.printed(/^ {2}curl -d '(.*)' \S+\/_emulator\/events$/m)
    const told = await fetch(`${emulator}/_emulator/events`, { method: 'POST', body: event })
    expect(await told.json()).toMatchObject({ statuses: [200] })
    program.signal('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0, err: '' })
  })

  test('of the route saas registers two customers, and sends what one used when the licence ends', async () => {
    const demo = await startDemo('--emulator-port', '0', '--hour', '1h', '--route', 'saas')
    expect(await isEntitled(demo)).toBe(true)
    const customers = async () =>
      ((await (await fetch(`${demo.app}/v1/customers`)).json()) as { customers: Customer[] })
        .customers
    const registered = await eventually(async () => {
      const found = await customers()
      return found.length === 2 && found
    })
    expect(registered).toMatchObject([{ key: 'acme' }, { key: 'globex' }])
    for (const [customer, quantity] of [
      ['acme', 3],
      ['globex', 5],
    ])
      expect(await postUsage(demo.app, { customer, dimension: 'requests', quantity })).toBe(200)
    const licenseArn = registered[1]?.licenseArn
    const event = JSON.stringify({ type: 'License Deprovisioned', licenseArn, times: 2 })
    const told = await fetch(`${demo.emulator}/_emulator/events`, { method: 'POST', body: event })
    expect(await told.json()).toMatchObject({ statuses: [200, 200] })
    const records = await eventually(async () => {
      const url = `${demo.emulator}/_emulator/records`
      const { records: found } = (await (await fetch(url)).json()) as { records: object[] }
      return found.length > 0 && found
    })
    expect(records).toMatchObject([{ resource: licenseArn, quantity: 5 }])
    demo.program.signal('SIGTERM')
    expect(await demo.program.ended).toMatchObject({ code: 0, err: '' })
  })

  test.each([
    ['both', { dimensions: ['jobs'], publicKeys: { 7: realKey } }],
    ['saas', { dimensions: ['jobs'], region: 'eu-west-1', customerIds: 'account' }],
  ])('runs a product file of the route %s against a running emulator', async (route, members) => {
    const emulator = await startEmulatorProgram('--hour', '1h')
    const file = join(temporaryDirectory(), 'product.json')
    writeFileSync(file, JSON.stringify({ productCode: `code-of-${route}`, route, ...members }))
    const demo = await startDemo('--emulator', emulator.url, '--product', file)
    expect(await isEntitled(demo)).toBe(true)
    const state = (await (await fetch(`${demo.app}/v1/entitlement`)).json()) as object
    expect(state).toMatchObject({ productCode: `code-of-${route}`, route })
    demo.program.signal('SIGTERM')
    expect(await demo.program.ended).toMatchObject({ code: 0, err: '' })
  })

  test('that was killed has every acknowledged unit when it starts again, and sends it once', async () => {
    const emulator = await startEmulatorProgram('--hour', '1h', '--start', '2026-03-10T09:00:00Z')
    const args = ['--emulator', emulator.url, '--data-dir', temporaryDirectory()]
    const first = await startDemo(...args)
    for (const quantity of [1, 2])
      expect(await postUsage(first.app, { dimension: 'requests', quantity })).toBe(200)
    first.program.signal('SIGKILL')
    await first.program.ended

    const second = await startDemo(...args)
    expect(await (await fetch(`${second.app}/v1/usage`)).json()).toMatchObject({
      open: [{ dimension: 'requests', hour: '2026-03-10T09:00:00.000Z', quantity: 3 }],
    })
    expect(await postUsage(second.app, { dimension: 'requests', quantity: 4 })).toBe(200)
    second.program.signal('SIGTERM')
    expect(await second.program.ended).toMatchObject({ code: 0 })
    expect(await emulator.records()).toMatchObject([
      { dimension: 'requests', hour: '2026-03-10T09:00:00.000Z', quantity: 7 },
    ])
  })

  test('doctor --demo checks a running demo and finds nothing wrong', async () => {
    const file = join(temporaryDirectory(), 'product.json')
    const nodes = { name: 'nodes', aggregate: 'max', from: { heartbeat: { value: 1 } } }
    const product = { productCode: 'shop', route: 'metered', dimensions: [nodes, 'seats'] }
    writeFileSync(file, JSON.stringify(product))
    const options = ['--product', file]
    const demo = await startDemo('--emulator-port', '0', '--hour', '1h', ...options)
    // What it suggests to report is what can be reported.
    await demo.program.printed(/^ {2}curl -d '\{"dimension":"seats",/m)
    expect(await isEntitled(demo)).toBe(true)
    const ports = [`--port=${portOf(demo.app)}`, `--ops-port=${portOf(demo.ops)}`]
    const emulator = `--emulator-port=${portOf(demo.emulator)}`
    const args = ['doctor', '--demo', ...options, ...ports, emulator]
    const { code, out, err } = await startProgram(args).ended
    expect({ out, err }).toEqual({ out: expect.stringContaining('Failed: 0.'), err: '' })
    expect(out).toMatch(/^pass {2}app-listener {4}A sidecar answers/m)
    expect(out).toMatch(/^pass {2}dry-run {9}seats: AWS would accept a record/m)
    expect(code).toBe(0)

    demo.program.signal('SIGTERM')
    expect(await demo.program.ended).toMatchObject({ code: 0 })
    const gone = await startProgram(args).ended
    expect(gone).toMatchObject({ code: 2, out: '' })
    expect(gone.err).toMatch(/^InvalidArguments: No demo runs here: .*\nnpm start\n/s)
  }, 60_000)

  test.each(['hourly', 'metered'])('runs on the route %s', async (route) => {
    const demo = await startDemo('--emulator-port', '0', '--route', route)
    expect(await isEntitled(demo)).toBe(true)
    const { body } = await fetch(`${demo.ops}/metrics`).then(async (answer) => ({
      body: await answer.text(),
    }))
    expect(body).toContain(`route="${route}"`)
    demo.program.signal('SIGTERM')
    expect(await demo.program.ended).toMatchObject({ code: 0, err: '' })
  })

  test('reports once that the port of the emulator is taken, and which option of this command sets it', async () => {
    const { url, program } = await startEmulatorProgram()
    const taken = ['--emulator-port', portOf(url)]
    const { code, out, err } = await startProgram(['demo', ...anyPort, ...taken]).ended
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(
      /^ListenFailed: The emulator cannot listen on [^\n]*, or choose another port with --emulator-port\.\n$/,
    )
    program.signal('SIGTERM')
  })

  test('reports that no emulator runs at the address', async () => {
    const emulator = await startEmulatorProgram()
    emulator.program.signal('SIGTERM')
    await emulator.program.ended
    const demo = startProgram(['demo', ...anyPort, '--emulator', emulator.url])
    const { code, err } = await demo.ended
    expect(code).toBe(2)
    expect(err).toContain(`InvalidArguments: No emulator answers at ${emulator.url}`)
  })
})
