import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createServerBase, listen } from '../../../src/http/listener/server.ts'
import { Events } from '../../../src/kernel/events.ts'
import { eventually } from '../../support/eventually.ts'
import { hasIpv6 } from '../../support/has-ipv6.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const large = 'x'.repeat(8_000_000)

let clock: ManualClock
let handled: string[]
let dropped: string[]
let release: () => void
let sockets: Socket[]
let close: (() => Promise<void>) | undefined

beforeEach(() => {
  clock = new ManualClock(0)
  handled = []
  dropped = []
  sockets = []
})
afterEach(async () => {
  release()
  for (const socket of sockets) socket.destroy()
  await close?.()
})

async function start(
  maxConnections: number,
  keptForLoopback = 0,
  host = '127.0.0.1',
  requestTimeoutMs = 60_000,
) {
  const app = createServerBase(
    { bodyLimitBytes: 1024, requestTimeoutMs },
    new Events(),
    createSilentLog(),
  )
  const held = new Promise<void>((resolve) => (release = resolve))
  app.addHook('onRequest', (request, _reply, done) => {
    handled.push(request.url)
    done()
  })
  app.get('/now', () => 'now')
  app.get('/last', (_request, reply) => reply.header('connection', 'close').send('last'))
  app.post('/read', () => 'read')
  app.get('/large', () => large)
  app.get('/held', async () => {
    await held
    return 'held'
  })
  const listening = await listen(
    app,
    {
      host,
      port: 0,
      option: '--port',
      maxConnections,
      keptForLoopback,
      bodyLimitBytes: 1024,
      onDropped: (reason) => dropped.push(reason),
    },
    clock,
  )
  // A real second, in which requests that have begun may finish: here none does.
  close = async () => {
    const closed = listening.close()
    await clock.advance(2000)
    await closed
  }
  return listening.port
}

interface Client {
  readonly socket: Socket
  readonly text: () => string
  readonly isClosed: () => boolean
}

async function open(port: number, host = '127.0.0.1'): Promise<Client> {
  const socket = connect(port, host)
  sockets.push(socket)
  let text = ''
  let closed = false
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => {}).once('close', () => (closed = true))
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  return { socket, text: () => text, isClosed: () => closed }
}

async function ask(client: Client, path: string): Promise<void> {
  client.socket.write(get(path))
  await eventually(() => client.text().includes('HTTP/1.1 200') || client.isClosed())
}

describe('the connections of a listener', () => {
  test('an idle connection makes room when all are in use', async () => {
    const port = await start(2)
    const [first, second] = [await open(port), await open(port)]
    await ask(first, '/now')
    await clock.advance(1500)
    await ask(second, '/now')
    const third = await open(port)
    await ask(third, '/now')
    expect(third.text()).toContain('now')
    await eventually(() => first.isClosed())
    expect(second.isClosed()).toBe(false)
    expect(dropped).toEqual(['limit'])
  })

  test('a request under way is never ended to make room', async () => {
    const port = await start(1)
    const first = await open(port)
    first.socket.write(get('/held'))
    await eventually(() => handled.includes('/held'))
    await clock.advance(5000)
    const second = await open(port)
    await eventually(() => second.isClosed())
    release()
    await eventually(() => first.text().includes('held'))
    expect(handled).toEqual(['/held'])
  })

  test('a connection whose request may be on the way is not closed for another of the same client', async () => {
    const port = await start(1)
    const first = await open(port)
    const second = await open(port)
    await eventually(() => second.isClosed())
    await ask(first, '/now')
    expect(first.text()).toContain('now')
  })

  test.runIf(hasIpv6)('both address families count together', async () => {
    const port = await start(1)
    const first = await open(port, '::1')
    first.socket.write(get('/held'))
    await eventually(() => handled.includes('/held'))
    const second = await open(port, '127.0.0.1')
    await eventually(() => second.isClosed())
    expect(handled).toEqual(['/held'])
  })

  test('a client that sends requests ahead has one of them in progress', async () => {
    const port = await start(1)
    const client = await open(port)
    client.socket.write(get('/held') + get('/now?1') + get('/now?2'))
    await eventually(() => handled.length > 0)
    expect(handled).toEqual(['/held'])
    release()
    await eventually(() => handled.length === 3)
    await eventually(() => client.text().split('HTTP/1.1 200').length === 4)
    expect(handled).toEqual(['/held', '/now?1', '/now?2'])
  })

  test('a client that sends too many requests ahead is cut off', async () => {
    const port = await start(1)
    const client = await open(port)
    client.socket.write(get('/held') + get('/now').repeat(17))
    await eventually(() => client.isClosed())
    expect(handled).toEqual(['/held'])
    expect(dropped).toEqual(['ahead'])
  })

  test('a client that does not read its answer is cut off after ten seconds', async () => {
    const port = await start(2)
    const client = await open(port)
    client.socket.pause()
    client.socket.write(get('/large'))
    await eventually(() => handled.includes('/large'))
    await clock.advance(9000)
    const other = await open(port)
    await clock.advance(3000)
    await ask(other, '/now')
    client.socket.resume()
    await eventually(() => client.isClosed())
    expect(client.text().length).toBeLessThan(large.length)
    expect(dropped).toEqual(['unread'])
  })

  test('the time for a request holds on both address families, for headers and for silence', async () => {
    const port = await start(9, 0, '127.0.0.1', 1000)
    const clients = [
      await open(port, '127.0.0.1'),
      await open(port, '127.0.0.1'),
      await open(port, '::1'),
      await open(port, '::1'),
    ].filter((client) => !client.isClosed())
    expect(clients).toHaveLength(hasIpv6 ? 4 : 2)
    for (const client of clients.filter((_, index) => index % 2 === 0))
      client.socket.write('GET /now HTTP/1.1\r\nHost: loc')
    for (const client of clients) await eventually(() => client.isClosed())
    for (const client of clients) expect(client.text()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('after the answer to an unreadable request, which has an id, the connection ends, also when the client stays', async () => {
    const port = await start(1)
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(client)
    let text = ''
    client.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    client.on('error', () => {}).write('hello\r\n\r\n')
    await eventually(() => text.includes('HTTP/1.1 400'))
    expect(text).toMatch(/\r\nX-Request-Id: [-0-9a-f]{36}\r\n/)
    const next = async () => {
      const other = await open(port)
      await ask(other, '/now')
      return other.text().includes('now')
    }
    expect(await eventually(next)).toBe(true)
  })

  test('the answer to a body that is too large reaches a client that reads it after all was sent', async () => {
    const port = await start(9)
    const bytes = 8_000_000
    const head = 'POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const chunk = `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`
    for (const rest of [
      `Content-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
      `Transfer-Encoding: chunked\r\n\r\n${chunk}`,
    ]) {
      const client = connect(port, '127.0.0.1').pause()
      sockets.push(client)
      const failure = await new Promise((resolve) => {
        client.once('error', resolve)
        client.write(head + rest, (error) => resolve(error ?? undefined))
      })
      expect(failure).toBeUndefined()
      let text = ''
      client.setEncoding('utf8').on('data', (part: string) => (text += part))
      await once(client.resume(), 'close')
      expect(text).toMatch(/^HTTP\/1\.1 413 /)
    }
  })

  test('a client that goes on sending after its last answer is cut off', async () => {
    const port = await start(1)
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(client)
    const ended = once(client.resume(), 'end')
    client
      .on('error', () => {})
      .write(
        'POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
          'Content-Length: 8000000\r\n\r\nx',
      )
    await ended
    expect(client.write('x')).toBe(true)
    await clock.advance(1000)
    const isCutOff = () => !client.write('x') || client.destroyed
    expect(await eventually(isCutOff)).toBe(true)
  })

  test('what cannot be read is answered after the requests before it', async () => {
    const port = await start(1)
    const client = await open(port)
    client.socket.write(`${get('/held')}${get('/now')}hello\r\n\r\n`)
    await eventually(() => handled.includes('/held'))
    const closed = eventually(() => client.isClosed())
    release()
    await closed
    const statuses = [...client.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['200', '200', '400'])
  })

  test('a request whose body breaks off is refused in its turn, and never begun', async () => {
    const port = await start(1)
    const client = await open(port)
    const broken =
      'POST /now HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno size'
    client.socket.write(`${get('/held')}${broken}\r\n`)
    await eventually(() => handled.includes('/held'))
    release()
    await eventually(() => client.isClosed())
    const statuses = [...client.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['200', '400'])
    expect(handled).toEqual(['/held'])
  })

  test('after an answer that ends the connection no further request is begun', async () => {
    const port = await start(1)
    const client = await open(port)
    client.socket.write(`${get('/last')}${get('/now')}`)
    await eventually(() => client.isClosed())
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 [^]*last$/)
    expect(handled).toEqual(['/last'])
  })

  test('a body that cannot be read is refused at once', async () => {
    const port = await start(1)
    const client = await open(port)
    const type = 'Content-Type: application/json\r\nTransfer-Encoding: chunked'
    client.socket.write(`POST /read HTTP/1.1\r\nHost: localhost\r\n${type}\r\n\r\nno size\r\n`)
    await eventually(() => client.isClosed())
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('the connections of a listener that other machines reach', () => {
  const addresses = ['127.0.0.1', ...ownAddresses()]

  test.skipIf(addresses.length < 2)('places are kept for this machine', async () => {
    const port = await start(2, 1, '0.0.0.0')
    const [, own = ''] = addresses
    const remote = await open(port, own)
    remote.socket.write(get('/held'))
    await eventually(() => handled.includes('/held'))
    const second = await open(port, own)
    await eventually(() => second.isClosed())
    await ask(await open(port), '/now')
    expect(handled).toEqual(['/held', '/now'])
  })

  test.skipIf(addresses.length < 2)('one client cannot lock out another', async () => {
    const port = await start(3, 0, '0.0.0.0')
    const [, own = ''] = addresses
    const crowd = [await open(port, own), await open(port, own), await open(port, own)]
    const other = await open(port)
    await ask(other, '/now')
    expect(other.text()).toContain('now')
    await eventually(() => crowd.filter((each) => each.isClosed()).length === 1)
  })
})

/** Addresses of this machine that are not loopback: a connection to one comes from it. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}
