import { expect, inject, test } from 'vitest'
import { hourMs } from '../../src/metering/hour.ts'
import type { Database, Session } from '../../src/store/postgres/connection/database.ts'
import { eventually } from '../support/eventually.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../support/ledger/open-ledger.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { imbalances, openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
const acme = { customer: 'acme', names: { identifier: 'acme' }, reactivates: false }

/** Calls `before` when a transaction is about to write open usage. */
function pausing(database: Database, before: () => Promise<void>): Database {
  const inSession = (session: Session): Session => ({
    async query(sql, values) {
      if (sql.includes('INSERT INTO marketplace_sidecar.open')) await before()
      return session.query(sql, values)
    },
  })
  return {
    query: (sql, values) => database.query(sql, values),
    prepared: (sql, values) => database.prepared(sql, values),
    snapshot: (work, longestMs) => database.snapshot(work, longestMs),
    transaction: (work) => database.transaction((session) => work(inSession(session))),
    close: () => database.close(),
  }
}

test('usage of a customer whom another replica registers meanwhile is that of the registration', async () => {
  const url = await newDatabase(server)
  const clock = new ManualClock()
  const options = { meaningOf: plainMeaning, customers }
  const registering = await openSharedLedger(url, 'pod:b', clock, options)
  let registered: Promise<unknown> | undefined
  const reporting = await openSharedLedger(url, 'pod:a', clock, {
    ...options,
    wrap: (database) =>
      pausing(database, async () => {
        if (registered !== undefined) return
        let isRegistered = false
        registered = registering.ledger.customers?.register(acme).then(() => (isRegistered = true))
        await eventually(async () => {
          const waits = await database.query(
            `SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
          return isRegistered || waits.length > 0
        })
      }),
  })
  await reporting.report('requests', unit, { customer: 'acme' })
  await registered
  await clock.advance(hourMs)
  const sealed = [...(await registering.seal()), ...(await reporting.seal())]
  expect(sealed).toMatchObject([{ customer: 'acme', quantity: unit }])
  expect(await imbalances(reporting.ledger)).toEqual([0n, 0n])
})
