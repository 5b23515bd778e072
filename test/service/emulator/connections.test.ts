import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { startEmulator } from './harness.ts'

test('the emulator accepts 1,024 connections, and another one when one of them ends', async () => {
  const harness = await startEmulator()
  onTestFinished(() => harness.close())
  const { hostname, port } = new URL(harness.url)
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(port), hostname).on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const isServed = async (socket: Socket): Promise<boolean> => {
    socket.write('GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [bytes] = (await Promise.race([
      once(socket, 'data'),
      once(socket, 'close').then(() => ['']),
    ])) as [Buffer | string]
    return String(bytes).startsWith('HTTP/1.1 200')
  }
  const served: Socket[] = []
  // More at once than wait in the queue of a listener would connect before they are accepted.
  while (served.length < 1024) {
    const next = await Promise.all(Array.from({ length: 128 }, open))
    expect(await Promise.all(next.map(isServed))).not.toContain(false)
    served.push(...next)
  }
  expect(await isServed(await open())).toBe(false)
  served[0]?.destroy()
  await eventually(async () => isServed(await open()))
})

test.each([
  ['headers', 'POST / HTTP/1.1\r\nHost: localhost\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{'],
])(
  'a request whose %s does not arrive in time is given up, and its connection ends',
  async (_, text) => {
    const harness = await startEmulator({ requestTimeoutMs: 100 })
    onTestFinished(() => harness.close())
    const { hostname, port } = new URL(harness.url)
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    const received: Buffer[] = []
    socket.on('data', (bytes: Buffer) => received.push(bytes))
    socket.write(text)
    await once(socket, 'close')
    expect(String(Buffer.concat(received))).toMatch(/^HTTP\/1.1 408 /)
  },
)
