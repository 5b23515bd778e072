import { join } from 'node:path'
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

/**
 * Starts a bare Fastify server that accepts usage and stores nothing. With `entitlementUrl` it also sends
 * the answer that this address sends now, as the sidecar does: before Fastify sees the request.
 */
export async function startPlainFastify(
  { plainFastify }: Build,
  entitlementUrl?: string,
): Promise<Server> {
  if (entitlementUrl === undefined) return startPlain(plainFastify)
  return startPlain(plainFastify, await (await fetch(entitlementUrl)).text())
}

/** Starts a bare `node:http` server that writes and flushes each body before it answers. */
export function startPlainSync({ plainSync }: Build, folder: string): Promise<Server> {
  return startPlain(plainSync, join(folder, 'plain-sync'))
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
