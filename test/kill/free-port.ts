import { createServer } from 'node:net'

/** Below the system's range for outgoing connections, so that a client cannot connect to itself. */
const first = 20_000
const last = 32_000

/** A port of 127.0.0.1 that no one listens on now, so that a restarted program can have it again. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * (last - first))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
