import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts'
import type { Store } from '../../src/store/store.ts'
import { describeStore } from '../conformance/store-conformance.ts'
import { BreakableDatabase } from './support/breakable-database.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { crashServer, startServer } from './support/server.ts'

const server = inject('postgres')
const now = Date.parse('2026-03-10T09:00:00Z')

describeStore({
  name: 'the PostgreSQL store',
  async create(keyLimitBytes) {
    const url = await newDatabase(server)
    const opened: Store[] = []
    let current: BreakableDatabase | undefined
    return {
      async open(resource) {
        const store = await openPostgresStore({
          url,
          actor:
            resource === undefined
              ? undefined
              : {
                  resource,
                  now,
                  incarnation: randomUUID(),
                  leaseMs: 30_000,
                  onRegained: () => {},
                  onLost: () => {},
                },
          lockTimeoutMs: 300,
          keyLimitBytes,
          wrap: (database) => (current = new BreakableDatabase(database)),
        })
        opened.push(store)
        return store
      },
      crash() {
        current?.die()
        crashServer(server)
        startServer(server)
      },
      kill: () => current?.die(),
      age: (ms) =>
        asOwner(url, `UPDATE marketplace_sidecar.idempotency SET created_at = created_at - ${ms}`),
      async lock() {
        const other = new Client({ connectionString: url })
        await other.connect()
        await other.query('BEGIN; LOCK TABLE marketplace_sidecar.open IN ACCESS EXCLUSIVE MODE')
        return () => other.end()
      },
      async remove() {
        for (const store of opened) await store.close().catch(() => {})
      },
    }
  },
})
