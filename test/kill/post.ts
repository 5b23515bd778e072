import { request, type Agent } from 'node:http'

export interface Reply {
  readonly status: number
  readonly body: string
}

export interface Post {
  readonly agent: Agent
  readonly port: number
  readonly body: string
  readonly idempotencyKey: string | undefined
  readonly timeoutMs: number
}

/** Sends POST /v1/usage. Undefined without a whole answer: refused, reset, cut off or too late. */
export function post({
  agent,
  port,
  body,
  idempotencyKey,
  timeoutMs,
}: Post): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const call = request({
      agent,
      host: '127.0.0.1',
      port,
      path: '/v1/usage',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const giveUp = () => resolve(undefined)
    call.on('error', giveUp)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', giveUp)
      response.on('close', giveUp)
      response.on('end', () => {
        const reply = { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }
        resolve(response.complete ? reply : undefined)
      })
    })
    call.end(body)
  })
}
