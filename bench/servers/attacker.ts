/**
 * Attacks a sidecar until it is killed: `node attacker.ts <attack> <application's port> <ops port>`. Prints
 * `attacking` once it has begun.
 */
import { connect, type Socket } from 'node:net'

const [name = '', appPort, opsPort] = process.argv.slice(2)
const scrape = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Opens a connection again whenever the sidecar ends it. */
function keepOpen(port: number, use: (socket: Socket) => void): void {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.once('close', () => setTimeout(keepOpen, 10, port, use))
  socket.once('connect', () => use(socket))
}

function many(count: number, port: string | undefined, use: (socket: Socket) => void): void {
  for (let index = 0; index < count; index += 1) keepOpen(Number(port), use)
}

const attacks: Readonly<Record<string, () => void>> = {
  /** Sends nothing, or something that is no request, and stays. */
  idle: () => {
    many(200, opsPort, () => {})
    many(200, opsPort, (socket) => socket.resume().write('x\r\n\r\n'))
  },
  /** Sends requests ahead and never reads. */
  ahead: () =>
    many(8, opsPort, (socket) => {
      const more = () => {
        while (socket.writable && socket.write(scrape.repeat(100)));
        socket.once('drain', more)
      }
      more()
    }),
  /** Reads the metrics without a pause. */
  scrapes: () =>
    many(4, opsPort, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        // The last line of a page.
        if (chunk.includes('start_time_seconds ')) socket.write(scrape)
      })
      socket.write(scrape)
    }),
  /** Sends all of a body but its last byte. */
  bodies: () =>
    many(400, appPort, (socket) => {
      const headers = 'Host: localhost\r\nContent-Type: application/json'
      const length = 1_048_576
      socket.write(`POST /v1/usage HTTP/1.1\r\n${headers}\r\nContent-Length: ${length}\r\n\r\n`)
      socket.resume().write(Buffer.alloc(length - 1, ' '))
    }),
}

const attack = attacks[name]
if (attack === undefined) throw new TypeError(`there is no attack ${name}`)
attack()
console.log('attacking')
