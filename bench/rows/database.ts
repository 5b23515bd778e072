import { Client } from 'pg'
import { migrateDatabase } from '../../src/store/postgres/migrations/migrate-database.ts'
import {
  createServerFolder,
  removeServer,
  urlOf,
  type PostgresServer,
} from '../../test/postgres/support/server.ts'
import { load } from '../load.ts'
import { resultOf, type Result } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainPostgres } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, pick, type Bench, type Row } from './bench.ts'
import { plainReport } from './bodies.ts'

/**
 * Measures `POST /v1/usage` with the ledger in PostgreSQL, against Fastify that inserts each report in its
 * own transaction with the same client on the same server.
 */
export const database: Row = async (bench) => {
  const server = await createServerFolder('pg_stat_statements')
  try {
    await migrateDatabase(urlOf(server, 'postgres'), undefined)
    await ask(server, 'CREATE EXTENSION pg_stat_statements')
    return [...(await measure(bench, server, 16, 3)), ...(await measure(bench, server, 64, 5))]
  } finally {
    removeServer(server)
  }
}

async function measure(
  { build, rounds, seconds }: Bench,
  server: PostgresServer,
  connections: number,
  atLeast: number,
): Promise<Result[]> {
  const url = urlOf(server, 'postgres')
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url, undefined, {
    SIDECAR_DATABASE_URL: url,
  })
  const plain = await startPlainPostgres(build, url, connections)
  const post = (target: string) =>
    load({ url: `${target}/v1/usage`, connections, seconds, bodies: [plainReport] })
  await post(sidecar.url)
  await post(plain.url)
  const counted: number[] = []
  const ours = async () => {
    const before = await statements(server)
    const figures = await post(sidecar.url)
    counted.push(((await statements(server)) - before) / figures.requests)
    return figures
  }
  const pairs = await alternate(rounds, ours, () => post(plain.url))
  await Promise.all([plain.end(), sidecar.end(), emulator.end()])
  return [
    resultOf(
      {
        name: `usage report in PostgreSQL, ${connections} connections`,
        unit: 'requests/s',
        target: { of: 'ratio', atLeast },
      },
      pick(pairs, ({ perSecond }) => perSecond),
    ),
    {
      ...resultOf(
        {
          name: `statements for a report, ${connections} connections`,
          unit: 'statements',
          target: { of: 'ours', atMost: 0.5 },
        },
        counted.map((each) => ({ ours: each, baseline: 1 })),
      ),
    },
  ]
}

async function statements(server: PostgresServer): Promise<number> {
  const rows = await ask(server, 'SELECT SUM(calls)::float8 AS calls FROM pg_stat_statements')
  return Number(rows[0]?.['calls'])
}

async function ask(server: PostgresServer, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: urlOf(server, 'postgres') })
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(sql)
  await client.end()
  return rows
}
