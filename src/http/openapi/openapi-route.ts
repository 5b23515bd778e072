import type { FastifyInstance } from 'fastify'

export const openApiPath = '/openapi.json'

/**
 * `GET /openapi.json`: the application's listener as an OpenAPI 3.1 document. Nothing of it is loaded before
 * it is asked for: the application does not wait for it at the start.
 */
export function openApiRoute(app: FastifyInstance, version: string): void {
  let document: Promise<Buffer> | undefined
  app.get(openApiPath, async (_request, reply) => {
    document ??= createDocument(version)
    return reply
      .type('application/json; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(await document)
  })
}

async function createDocument(version: string): Promise<Buffer> {
  const { openApiDocument } = await import('./openapi.ts')
  return Buffer.from(`${JSON.stringify(openApiDocument(version))}\n`)
}
