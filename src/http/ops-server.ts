import type { FastifyInstance } from 'fastify'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { createServerBase } from './listener/server.ts'

interface OpsServerOptions {
  readonly events: Events
  readonly log: Log
  /** Says why the process cannot do its work; undefined while it can. */
  readonly deadBecause: () => string | undefined
  /** Says why the application may not start; undefined when it may. */
  readonly notReadyBecause: () => string | undefined
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
}

/**
 * Builds the listener for the kubelet and Prometheus, which cannot reach loopback. It has only `/livez`,
 * `/readyz` and `/metrics`.
 */
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
