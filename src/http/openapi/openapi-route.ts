import type { FastifyInstance } from 'fastify'
import { openApiDocument } from './openapi.ts'

export const openApiPath = '/openapi.json'

/** `GET /openapi.json`: the application's listener as an OpenAPI 3.1 document. */
export function openApiRoute(app: FastifyInstance, version: string): void {
  let document: Buffer | undefined
  app.get(openApiPath, (_request, reply) => {
    document ??= Buffer.from(`${JSON.stringify(openApiDocument(version))}\n`)
    return reply
      .type('application/json; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(document)
  })
}
