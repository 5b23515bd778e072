import type { FastifyInstance } from 'fastify'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { createServerBase } from './server.ts'

export interface OpsServerOptions {
  readonly events: Events
  readonly log: Log
  /** Undefined while the process can do its work; otherwise why it cannot. */
  readonly deadBecause: () => string | undefined
  /** Undefined when the application may start; otherwise why not. */
  readonly notReadyBecause: () => string | undefined
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
}

/** For the kubelet and Prometheus, which cannot reach loopback: `/livez`, `/readyz` and `/metrics` only. */
export function createOpsServer(options: OpsServerOptions): FastifyInstance {
  const { events, log, deadBecause, notReadyBecause, metrics } = options
  const limits = { bodyLimitBytes: 1024, maxConnections: 256, requestTimeoutMs: 10_000 }
  const app = createServerBase(limits, events, log)
  const probe = (path: string, problem: () => string | undefined) =>
    app.get(path, (_request, reply) => {
      const reason = problem()
      return reply
        .code(reason === undefined ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(`${reason ?? 'ok'}\n`)
    })
  probe('/livez', deadBecause)
  probe('/readyz', notReadyBecause)
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  )
  return app
}
