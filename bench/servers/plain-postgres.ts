/**
 * Runs a bare Fastify server that accepts the same usage with the same schema and inserts each report in a
 * transaction of its own, over a pool: `node plain-postgres.ts <port> <database URL> <connections>`.
 */
import fastify from 'fastify'
import { Pool } from 'pg'
import { reportSchema } from '../../src/sources/json/parse-usage.ts'

const [port, connectionString, connections] = process.argv.slice(2)
const pool = new Pool({ connectionString, max: Number(connections) })
void pool.query(
  `CREATE TABLE IF NOT EXISTS plain_report (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     dimension text NOT NULL, quantity numeric NOT NULL, at timestamptz NOT NULL)`,
)
const app = fastify()
const receipt = { result: 'accepted', hour: new Date().toISOString(), late: false }

app.post('/v1/usage', { schema: { body: reportSchema } }, async ({ body }) => {
  const { dimension, quantity } = body as { dimension: string; quantity: number }
  await pool.query('INSERT INTO plain_report (dimension, quantity, at) VALUES ($1, $2, now())', [
    dimension,
    quantity,
  ])
  return receipt
})
void app.listen({ host: '127.0.0.1', port: Number(port) }).then(() => console.log('ready'))
