import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createServerBase, listen } from '../../../src/http/listener/server.ts'
import { Events } from '../../../src/kernel/events.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const mebibyte = 1_048_576
let clock: ManualClock
let port: number
let received: number
let close: () => Promise<void>
let clients: Socket[]

beforeEach(async () => {
  clock = new ManualClock()
  received = 0
  clients = []
  const limits = { bodyLimitBytes: mebibyte, requestTimeoutMs: 60_000 }
  const app = createServerBase(limits, new Events(), createSilentLog())
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    let bytes = 0
    payload.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      received += chunk.length
    })
    payload.on('end', () => done(null, bytes))
  })
  app.post('/', ({ body }) => `${String(body)} bytes`)
  const address = {
    host: '127.0.0.1',
    port: 0,
    option: 'SIDECAR_LISTEN',
    maxConnections: 100,
    keptForLoopback: 0,
    bodyLimitBytes: mebibyte,
  }
  const listening = await listen(app, address, clock)
  port = listening.port
  close = async () => {
    const closed = listening.close()
    await clock.advance(2000)
    await closed
  }
})
afterEach(async () => {
  for (const client of clients) client.destroy()
  await close()
})

/** A client that says that it sends `length` bytes, and sends `sent`. */
function send(length: number, sent: number) {
  const socket = connect(port, '127.0.0.1')
  clients.push(socket)
  const state = { text: '', isClosed: false, socket }
  socket.setEncoding('utf8').on('data', (chunk: string) => (state.text += chunk))
  socket.on('error', () => {}).on('close', () => (state.isClosed = true))
  const type = 'Content-Type: application/octet-stream'
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${type}\r\nContent-Length: ${length}\r\n\r\n`)
  socket.write(Buffer.alloc(sent))
  return state
}

test('bodies that are never finished hold no more than the budget together', async () => {
  const all = Array.from({ length: 40 }, () => send(mebibyte, mebibyte - 1))
  await eventually(() => received > 7 * mebibyte)
  await clock.advance(1000)
  expect(received).toBeLessThan(12 * mebibyte)
  expect(all.some(({ isClosed }) => isClosed)).toBe(false)
})

test('a client that sends all of its body is answered while others hold the room', async () => {
  for (let count = 0; count < 40; count += 1) send(mebibyte, mebibyte - 1)
  await eventually(() => received > 7 * mebibyte)
  const honest = send(100_000, 100_000)
  await eventually(async () => {
    await clock.advance(2000)
    return honest.text.includes('100000 bytes')
  })
  expect(honest.text).toMatch(/^HTTP\/1\.1 200 /)
})

test('large bodies of clients that do send them are all read', async () => {
  const all = Array.from({ length: 30 }, () => send(mebibyte, mebibyte))
  await eventually(() => all.every(({ text }) => text.includes(`${mebibyte} bytes`)))
  expect(received).toBe(30 * mebibyte)
})

test('a small body is read whatever others hold', async () => {
  for (let count = 0; count < 40; count += 1) send(mebibyte, mebibyte - 1)
  await eventually(() => received > 7 * mebibyte)
  const small = send(10, 10)
  await eventually(() => small.text.includes('10 bytes'))
  expect(small.text).toMatch(/^HTTP\/1\.1 200 /)
})
