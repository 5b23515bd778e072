import type { FastifyReply, FastifyRequest } from 'fastify'

/** Options of a route that needs no body. Clients name the content type of an empty one, which is of no use. */
export const withoutBody = {
  onRequest({ headers }: FastifyRequest, _reply: FastifyReply, done: () => void) {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
    if (length === '0' && encoding === undefined) delete headers['content-type']
    done()
  },
}
