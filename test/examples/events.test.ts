import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { missingTools, moto } from '../../scripts/tools/client-tools.ts'
import { acme, closeSaas, globex, register, send, startSaas } from '../service/saas/saas-world.ts'
import { eventually } from '../support/eventually.ts'
import { Program, root, temporaryDirectory } from '../support/program/program.ts'
import { startMoto, type EventQueue } from './event-queue.ts'

const missing = await missingTools(moto)
if (missing.length > 0)
  console.warn(`NOT RUN: the forwarder of events: no ${missing.join(', ')} here`)
const isMissing = missing.length > 0

let aws: Awaited<ReturnType<typeof startMoto>>
beforeAll(async () => {
  if (missing.length === 0) aws = await startMoto()
}, 600_000)
afterAll(() => aws?.close())
afterEach(closeSaas)

async function newQueue(): Promise<EventQueue> {
  const queue = await aws.queue()
  onTestFinished(() => queue.close())
  return queue
}

function startForwarder(queue: EventQueue, sidecar: string, env: NodeJS.ProcessEnv = {}): Program {
  const forwarder = new Program(
    queue.python,
    [join(root, 'examples/events/forward_events.py'), queue.url],
    {
      ...queue.env,
      SIDECAR_URL: sidecar,
      QUEUE_WAIT_SECONDS: '1',
      QUEUE_HIDDEN_SECONDS: '2',
      RETRY_SECONDS: '0.05',
      // A proxy that the environment names must not get the events.
      http_proxy: 'http://127.0.0.1:9',
      no_proxy: '127.0.0.1',
      ...env,
    },
  )
  onTestFinished(() => forwarder.killAll())
  return forwarder
}

/** A message that becomes visible while its queue is counted is counted nowhere, but not twice in a row. */
const isEmpty = (queue: EventQueue) =>
  eventually(async () => (await queue.count()) === 0 && (await queue.count()) === 0)

/** A sidecar that answers as the test says, and the bodies that it received. */
async function startServer(answer: (response: ServerResponse, body: string) => void) {
  const bodies: string[] = []
  const tokens = new Set<string | undefined>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      tokens.add(request.headers.authorization)
      answer(response, bodies.at(-1) ?? '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, tokens }
}

const accepted = (response: ServerResponse) => response.writeHead(200).end('{"result":"accepted"}')
const eventAt = (time: string, type: string) =>
  JSON.stringify({
    'detail-type': `${type} - Manufacturer`,
    id: `${type} at ${time}`,
    source: 'aws.agreement-marketplace',
    time,
    resources: [acme.licenseArn],
    detail: {},
  })

test.skipIf(isMissing)(
  'what EventBridge and SNS deliver ends licences at a real sidecar',
  async () => {
    const { sidecar } = await startSaas()
    await register('acme', 'token-of-acme')
    await register('globex', 'token-of-globex')
    const queue = await newQueue()
    await queue.put('License Deprovisioned - Manufacturer', acme.licenseArn)
    await queue.put('Purchase Agreement Ended - Manufacturer', globex.licenseArn)
    expect(await queue.count()).toBe(1)
    await queue.publish({
      action: 'unsubscribe-pending',
      'customer-identifier': globex.customerIdentifier,
      'product-code': globex.productCode,
    })
    expect(await queue.count()).toBe(2)

    const forwarder = startForwarder(queue, `http://127.0.0.1:${sidecar.appPort}`)
    await isEmpty(queue)
    for (const key of ['acme', 'globex'])
      expect((await send('GET', `/v1/customers/${key}`)).body).toMatchObject({ active: false })
    forwarder.signal('SIGTERM')
    expect(await forwarder.ended).toMatchObject({ code: 0, err: '' })
  },
)

test.skipIf(isMissing)(
  'a message that is no event goes to the other queue, and the next one is forwarded',
  async () => {
    const { sidecar } = await startSaas()
    await register('acme', 'token-of-acme')
    const queue = await newQueue()
    await queue.send('no event')
    await queue.put('License Deprovisioned - Manufacturer', acme.licenseArn)
    startForwarder(queue, `http://127.0.0.1:${sidecar.appPort}`, { QUEUE_HIDDEN_SECONDS: '0' })
    await eventually(async () => (await queue.refused()).length === 1)
    expect(await queue.refused()).toEqual(['no event'])
    await isEmpty(queue)
    expect((await send('GET', '/v1/customers/acme')).body).toMatchObject({ active: false })
  },
)

test.skipIf(isMissing)(
  'a sidecar that is away for longer than a message is hidden gets it, and none is moved',
  async () => {
    const statuses = [503, 500, 429, 401]
    const refusals = 30
    const { url, bodies, tokens } = await startServer((response) => {
      const status = bodies.length < refusals ? (statuses[bodies.length % 4] ?? 503) : 200
      response.writeHead(status).end('{}')
    })
    const queue = await newQueue()
    const sent = ['2026-03-10T09:00:00Z', '2026-03-10T09:00:01Z'].map((time) =>
      eventAt(time, 'License Updated'),
    )
    for (const body of sent) await queue.send(body)
    const token = join(temporaryDirectory(), 'token')
    writeFileSync(token, 'a-token\n')
    startForwarder(queue, url, { SIDECAR_API_TOKEN_FILE: token, QUEUE_HIDDEN_SECONDS: '1' })
    await isEmpty(queue)
    expect(await queue.refused()).toEqual([])
    // The second one waited for the first, whichever that is: SQS keeps no order.
    const second = sent.find((body) => body !== bodies[0]) ?? ''
    expect(bodies.indexOf(second)).toBeGreaterThanOrEqual(refusals)
    expect(new Set(bodies)).toEqual(new Set(sent))
    expect(tokens).toEqual(new Set(['Bearer a-token']))
  },
)

test.skipIf(isMissing)(
  'a forwarder that is killed before it deletes a message receives it again',
  async () => {
    let isKilled = false
    const queue = await newQueue()
    const { url, bodies } = await startServer((response) => {
      if (isKilled) {
        accepted(response)
        return
      }
      isKilled = true
      first.signal('SIGKILL')
    })
    const body = eventAt('2026-03-10T09:00:00Z', 'License Deprovisioned')
    await queue.send(body)
    const first = startForwarder(queue, url)
    await first.ended
    expect(await queue.count()).toBe(1)
    startForwarder(queue, url)
    await isEmpty(queue)
    expect(bodies).toEqual([body, body])
  },
)

test.skipIf(isMissing)('events may come in any order and from two forwarders', async () => {
  const { sidecar } = await startSaas()
  await register('acme', 'token-of-acme')
  const queue = await newQueue()
  const isActive = async () => (await send('GET', '/v1/customers/acme')).body['active']
  for (const minutes of ['03', '01', '04', '02'])
    await queue.send(
      eventAt(
        `2030-03-10T09:${minutes}:00Z`,
        Number(minutes) % 2 === 0 ? 'License Deprovisioned' : 'License Updated',
      ),
    )
  for (let forwarder = 0; forwarder < 2; forwarder += 1)
    startForwarder(queue, `http://127.0.0.1:${sidecar.appPort}`)
  await isEmpty(queue)
  expect(await isActive()).toBe(false)
  await queue.send(eventAt('2030-03-10T09:03:30Z', 'License Updated'))
  await isEmpty(queue)
  expect(await isActive()).toBe(false)
  await queue.send(eventAt('2030-03-10T09:05:00Z', 'License Updated'))
  await isEmpty(queue)
  expect(await isActive()).toBe(true)
})

test('the example asks for the package that it is tested with', () => {
  const [own = ''] = readFileSync(join(root, 'examples/events/requirements.txt'), 'utf8').split(
    '\n',
  )
  expect(own).toMatch(/^boto3==/)
  const tested = readFileSync(join(root, 'test/clients/python/requirements.txt'), 'utf8')
  expect(tested.split('\n')).toContain(own)
})
