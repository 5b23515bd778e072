import { randomUUID } from 'node:crypto'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Database, Session } from '../../src/store/postgres/connection/database.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts'
import type { Store } from '../../src/store/store.ts'
import {
  accountFor,
  addedTo,
  nine,
  pod,
  tagged,
  unit,
  write,
} from '../conformance/store/changes-for-tests.ts'
import { asOwner, newDatabase } from './support/new-database.ts'

const server = inject('postgres')
const balanced = { unbalanced: [], sharedMeteringIds: [] }

/** Passes everything on, and counts what adds up the whole book. */
function counting(database: Database, count: () => void): Database {
  const inSession = (session: Session): Session => ({
    query(sql, values) {
      if (sql.includes('reported <> open')) count()
      return session.query(sql, values)
    },
  })
  return {
    query: (sql, values) => database.query(sql, values),
    prepared: (sql, values) => database.prepared(sql, values),
    transaction: (work) => database.transaction(work),
    snapshot: (work, longestMs) =>
      database.snapshot((session) => work(inSession(session)), longestMs),
    close: () => database.close(),
  }
}

/** Tasks that share a book of which an audit has taken two minutes, and what changes the book behind their back. */
async function sharedBook() {
  const url = await newDatabase(server)
  let audits = 0
  const stores: Store[] = []
  for (const resource of [pod, 'pod:two', 'pod:three']) {
    const store = await openPostgresStore({
      url,
      auditRest: 100,
      wrap: (database) => counting(database, () => (audits += 1)),
      actor: {
        resource,
        now: nine,
        incarnation: randomUUID(),
        leaseMs: 30_000,
        onRegained: () => {},
        onLost: () => {},
      },
    })
    onTestFinished(() => store.close())
    stores.push(store)
  }
  const [first, ...others] = stores
  if (first === undefined) throw new TypeError('there is one')
  const account = accountFor('requests')
  await write(first, {
    accounts: [{ account, reported: unit, fraction: undefined }],
    added: [addedTo(account, nine, { [tagged('a')]: unit })],
  })
  expect(await first.audited()).toEqual(balanced)
  const change = (what: string) =>
    asOwner(
      url,
      `UPDATE marketplace_sidecar.meta SET value = (value::jsonb || ${what})::text WHERE name = 'audit'`,
    )
  await change(`'{"tookMs": 120000}'`)
  return {
    first,
    others,
    audits: () => audits,
    pass: (minutes: number) =>
      change(
        `jsonb_build_object('begunAt', (value::jsonb ->> 'begunAt')::bigint - ${minutes * 60_000})`,
      ),
    /** As a process that dies in its audit leaves it. */
    leaveRunning: () => change(`'{"isRunning": true}'`),
    lose: () => asOwner(url, 'UPDATE marketplace_sidecar.open SET micro = micro - 1'),
  }
}

test('a large book is audited by one of those that share it, and the others learn what it found', async () => {
  const { first, others, audits, pass, lose } = await sharedBook()
  await lose()
  const all = [first, ...others]
  expect(await Promise.all(all.map((store) => store.audited()))).toEqual(all.map(() => balanced))
  expect(audits()).toBe(1)
  await pass(202)
  const wrong = {
    unbalanced: [{ dimension: 'requests', reported: unit, open: unit - 1n }],
    sharedMeteringIds: [],
  }
  for (const store of [...others, first]) expect(await store.audited()).toMatchObject(wrong)
  // The second one takes no two minutes, as the first was made to have done.
  expect(audits()).toBeGreaterThanOrEqual(2)
})

test('an audit that a clock ahead has dated keeps none from the next', async () => {
  const { first, pass, lose } = await sharedBook()
  await lose()
  await pass(-1_000_000)
  expect(await first.audited()).toMatchObject({ unbalanced: [{ open: unit - 1n }] })
})

test('an audit that ended with its process is begun again by another after ten minutes', async () => {
  const { others, audits, pass, leaveRunning, lose } = await sharedBook()
  await lose()
  await leaveRunning()
  await pass(9)
  for (const store of others) expect(await store.audited()).toEqual(balanced)
  expect(audits()).toBe(1)
  await pass(2)
  expect(await others[0]?.audited()).toMatchObject({ unbalanced: [{ open: unit - 1n }] })
})
