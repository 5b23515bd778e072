/**
 * Attacks a sidecar until it is killed: `node attacker.ts <attack> <application's port> <ops port>`. Prints
 * `attacking` once it has begun.
 */
import { connect, type Socket } from 'node:net'

const [name = '', appPort, opsPort] = process.argv.slice(2)
const appHost = `localhost:${appPort}`
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
  /** Asks to be held for minutes, and goes. */
  waits: () =>
    many(900, appPort, (socket) => {
      socket.write(`GET /v1/entitlement?wait=300 HTTP/1.1\r\nHost: ${appHost}\r\n\r\n`)
      setTimeout(() => socket.resetAndDestroy(), 100 + Math.random() * 400)
    }),
  /** Reports usage of every hour, and makes as many calls of AWS as are passed on. */
  answers: () => {
    for (const [count, size] of [
      [56, 1],
      [8, 900_000],
    ] as const) {
      const call = callOf('BatchMeterUsage', { UsageRecords: [], More: 'x'.repeat(size) })
      many(count, appPort, (socket) => {
        const ask = () => socket.write(call)
        socket.on('data', () => setTimeout(ask, 50))
        ask()
      })
    }
    many(1, appPort, (socket) => {
      let turn = 0
      const reportOne = () => {
        const body = JSON.stringify({ dimension: `dimension-${turn % 24}`, quantity: 1 })
        turn += 1
        socket.write(post('/v1/usage', 'Content-Type: application/json', body))
      }
      socket.on('data', () => setTimeout(reportOne, 10))
      reportOne()
    })
  },
}

function post(path: string, headers: string, body: string): string {
  const length = Buffer.byteLength(body)
  return `POST ${path} HTTP/1.1\r\nHost: ${appHost}\r\n${headers}\r\nContent-Length: ${length}\r\n\r\n${body}`
}

/** A call of an AWS SDK, whose signature no one checks. */
function callOf(operation: string, members: object): string {
  const scope = '20260310/us-east-1/aws-marketplace/aws4_request'
  const headers = [
    'Content-Type: application/x-amz-json-1.1',
    `X-Amz-Target: AWSMPMeteringService.${operation}`,
    `Authorization: AWS4-HMAC-SHA256 Credential=AKIA/${scope}, SignedHeaders=host, Signature=0`,
  ]
  return post('/', headers.join('\r\n'), JSON.stringify(members))
}

const attack = attacks[name]
if (attack === undefined) throw new TypeError(`there is no attack ${name}`)
attack()
console.log('attacking')
