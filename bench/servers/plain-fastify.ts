/**
 * Runs a bare Fastify server that accepts the same usage with the same schema and stores nothing:
 * `node plain-fastify.ts <port> [answer to GET /v1/entitlement]`.
 */
import fastify from 'fastify'
import { addFastPath } from '../../src/http/listener/fast-path.ts'
import { reportSchema } from '../../src/sources/json/parse-usage.ts'

const app = fastify()
const receipt = { result: 'accepted', hour: new Date().toISOString(), late: false }
const batchSchema = {
  type: 'object',
  required: ['reports'],
  properties: { reports: { type: 'array', maxItems: 1000, items: reportSchema } },
}

app.post('/v1/usage', { schema: { body: reportSchema } }, async () => receipt)
app.post('/v1/usage/batch', { schema: { body: batchSchema } }, async ({ body }) => {
  const { reports } = body as { reports: unknown[] }
  return { results: reports.map(() => receipt) }
})
const [, , , entitlement] = process.argv
if (entitlement !== undefined) {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(entitlement),
  }
  addFastPath(app, ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/v1/entitlement') return false
    response.writeHead(200, headers).end(entitlement)
    return true
  })
}
void app
  .listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
  .then(() => console.log('ready'))
