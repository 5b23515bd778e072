import { freePort, lineOf, start, type Program } from '../processes.ts'
import type { Build } from './build.ts'

export interface Server extends Program {
  readonly url: string
}

/** Starts a bare `node:http` server that always sends the answer that `url` sends now. */
export async function startPlainHttp({ plainHttp }: Build, url: string): Promise<Server> {
  const answer = await fetch(url)
  // Node sets these itself, for both.
  const automatic = ['connection', 'date', 'keep-alive', 'transfer-encoding']
  const headers = [...answer.headers].filter(([name]) => !automatic.includes(name))
  return startPlain(plainHttp, JSON.stringify(Object.fromEntries(headers)), await answer.text())
}

/** Starts a bare Fastify server that accepts usage and stores nothing. */
export function startPlainFastify({ plainFastify }: Build): Promise<Server> {
  return startPlain(plainFastify)
}

/** Starts a bare Fastify server that inserts each report in its own transaction. */
export function startPlainPostgres(
  { plainPostgres }: Build,
  url: string,
  connections: number,
): Promise<Server> {
  return startPlain(plainPostgres, url, `${connections}`)
}

async function startPlain(file: string, ...args: readonly string[]): Promise<Server> {
  const port = await freePort()
  const { child, program } = start([file, `${port}`, ...args])
  await lineOf(child, /^ready$/)
  return { ...program, url: `http://127.0.0.1:${port}` }
}
