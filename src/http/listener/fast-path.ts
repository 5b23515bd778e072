import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Answers a request and returns true, or leaves it alone and returns false. */
export type FirstAnswer = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Asks `answer` about every request before Fastify sees it. For the one answer that is given all the
 * time and costs less than Fastify's own work on a request; whatever is not plain belongs to a route.
 */
export function answerFirst({ server }: FastifyInstance, answer: FirstAnswer): void {
  const listeners = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Once it is closing, Fastify says so to connections that are still open.
    if (server.listening && answer(request, response)) return
    for (const listener of listeners) listener.call(server, request, response)
  })
}
