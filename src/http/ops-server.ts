import type { FastifyInstance } from 'fastify'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { metricsRoute, type MetricsRouteOptions } from './routes/metrics-route.ts'
import { createServerBase } from './listener/server.ts'

interface OpsServerOptions extends MetricsRouteOptions {
  readonly events: Events
  readonly log: Log
  /** Says in a word or two why the process cannot do its work; undefined while it can. */
  readonly deadBecause: () => string | undefined
  /** Says in a word or two why the application may not start; undefined when it may. */
  readonly notReadyBecause: () => string | undefined
}

/**
 * Builds the listener for the kubelet and Prometheus, which cannot reach loopback. It has only `/livez`,
 * `/readyz` and `/metrics`.
 */
export function createOpsServer(options: OpsServerOptions): FastifyInstance {
  const { events, log, deadBecause, notReadyBecause } = options
  const limits = { bodyLimitBytes: 1024, requestTimeoutMs: 10_000 }
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
  metricsRoute(app, options)
  return app
}
