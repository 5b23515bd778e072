import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** Below the system's range for outgoing connections, so that a client cannot connect to itself. */
const first = 20_000
const last = 32_000

/**
 * A port of 127.0.0.1 that no one listens on now, so that a restarted program can have it again. No
 * other call finds it while this process lives, not even while the program is down: applications
 * would report to a stranger's sidecar.
 */
export async function findFreePort(random = Math.random): Promise<number> {
  for (;;) {
    const port = first + Math.floor(random() * (last - first))
    if ((await reserve(port)) && (await isFree(port))) return port
  }
}

/** The reservation is the UDP port of the same number, which the system gives only once. */
function reserve(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref()
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close()
      resolve(false)
    })
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true))
  })
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
