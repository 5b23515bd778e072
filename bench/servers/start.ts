import { fileURLToPath } from 'node:url'
import { freePort, lineOf, start, type Program } from '../processes.ts'

export interface Server extends Program {
  readonly url: string
}

/** A bare `node:http` server that gives the answer that `url` gives now. */
export async function startPlainHttp(url: string): Promise<Server> {
  const answer = await fetch(url)
  // Node sets these by itself, for both.
  const automatic = ['connection', 'date', 'keep-alive', 'transfer-encoding']
  const headers = [...answer.headers].filter(([name]) => !automatic.includes(name))
  return startServer('plain-http.ts', JSON.stringify(Object.fromEntries(headers)), await answer.text())
}

/** A bare Fastify server that takes usage and stores nothing. */
export function startPlainFastify(): Promise<Server> {
  return startServer('plain-fastify.ts')
}

async function startServer(file: string, ...args: readonly string[]): Promise<Server> {
  const port = await freePort()
  const path = fileURLToPath(new URL(file, import.meta.url))
  const { child, program } = start([path, `${port}`, ...args])
  await lineOf(child, /^ready$/)
  return { ...program, url: `http://127.0.0.1:${port}` }
}
