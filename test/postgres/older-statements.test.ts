import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, inject, test } from 'vitest'
import { hourMs } from '../../src/metering/hour.ts'
import { canonicalTags } from '../../src/metering/tags.ts'
import { schemaVersion } from '../../src/store/postgres/migrations/migrate.ts'
import { unit } from '../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../support/ledger/one-record.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'
import {
  RecordingDatabase,
  replay,
  statementsOfText,
  textOfStatements,
  type Statement,
} from './support/statements.ts'

const server = inject('postgres')
const fixture = (version: number) => new URL(`fixtures/statements-${version}.txt`, import.meta.url)

/** What a task sends that does most of what there is, and another one that takes over from it. */
async function statementsOfToday(): Promise<Statement[]> {
  const url = await newDatabase(server)
  const clock = new ManualClock()
  const statements: Statement[] = []
  const open = (name: string) =>
    openSharedLedger(url, `task/${name}`, clock, {
      meaningOf: (dimension) => ({
        productCode: 'product',
        divisor: 10n,
        scope: dimension === 'shared' ? 'cluster' : 'resource',
      }),
      maxPerHour: (dimension) => (dimension === 'guarded' ? unit : undefined),
      wrap: (database) => new RecordingDatabase(database, (each) => statements.push(each)),
    })
  const a = await open('a')
  const b = await open('b')
  const tags = canonicalTags([{ key: 'team', value: 'a' }])
  for (const { report } of [a, b])
    for (const dimension of ['requests', 'shared', 'guarded', 'refused'])
      await report(dimension, 25n * unit, { tags, idempotencyKey: `${dimension}-1` })
  await a.report('requests', unit)
  await a.report('requests', unit)
  await clock.advance(hourMs)
  const records = [...(await a.seal()), ...(await b.seal())]
  for (const { id, dimension, resource } of records) {
    const { ledger } = resource === 'task/a' ? a : b
    await markSending(ledger, id)
    if (dimension === 'requests')
      await settle(ledger, id, { kind: 'accepted', meteringRecordId: `m-${id}` })
    if (dimension === 'refused')
      await settle(ledger, id, { kind: 'hour-taken', code: 'Taken', message: 'by another' })
  }
  await a.report('requests', unit, { occurredAt: clock.now() - hourMs })
  await a.ledger.remember('public-key', '1')
  await a.ledger.prune()
  await a.ledger.usage()
  await a.ledger.close()
  await b.ledger.takeOver()
  await b.ledger.audit()
  return statements
}

test('what the last released version sends does the same on the schema of today', async () => {
  const today = await statementsOfToday()
  // Made once for a schema, when it is released; the file stays.
  if (!existsSync(fixture(schemaVersion)))
    writeFileSync(fixture(schemaVersion), textOfStatements(today))
  for (let version = 1; version <= schemaVersion; version += 1) {
    const statements = statementsOfText(readFileSync(fixture(version), 'utf8'))
    expect(statements.length).toBeGreaterThan(100)
    const counts = await replay(await newDatabase(server), statements)
    expect(counts).toEqual(statements.map(({ rows }) => rows))
  }
})
