import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Answers a request and returns true, or leaves it to the routes and returns false. */
type FastPath = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Offers every request to `answer` before Fastify sees it. This is for the one answer that
 * applications request constantly and that costs less than Fastify's own work on a request. The routes answer all other requests.
 */
export function addFastPath(app: FastifyInstance, answer: FastPath): void {
  const { server } = app
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  const listeners = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Once the server is closing, Fastify answers connections that are still open.
    if (!closing && answer(request, response)) return
    for (const listener of listeners) listener.call(server, request, response)
  })
}
