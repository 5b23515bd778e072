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
  /** Called when Kubernetes says that the end of the pod begins. */
  readonly onEnd: () => void
}

/**
 * Builds the listener for the kubelet and Prometheus, which cannot reach loopback. It has only `/livez`,
 * `/readyz`, `/metrics` and `/prestop`.
 */
export function createOpsServer(options: OpsServerOptions): FastifyInstance {
  const { events, log, deadBecause, notReadyBecause, onEnd } = options
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
  // A GET, because a preStop hook can send nothing else. Any other caller only has a page read more often.
  app.get('/prestop', (_request, reply) => {
    onEnd()
    return reply.type('text/plain; charset=utf-8').send('ok\n')
  })
  metricsRoute(app, options)
  return app
}
