import { expect, inject, test } from 'vitest'
import { openBookReceiver } from '../../src/store/postgres/commands/import-book.ts'
import { handOverBook } from '../../src/store/sqlite/file/commands/hand-over-book.ts'
import { hourMs } from '../../src/metering/hour.ts'
import { openBench, unit } from '../support/ledger/ledger-bench.ts'
import { plainMeaning } from '../support/ledger/open-ledger.ts'
import { sealHours } from '../support/ledger/seal-rules.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { newDatabase } from './support/new-database.ts'
import { openSharedLedger } from './support/shared-ledgers.ts'

const server = inject('postgres')
const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
const acme = { customer: 'acme', names: { identifier: 'acme' }, reactivates: false }

async function bookOfFile(
  directory?: string,
  clock = new ManualClock(),
  region = customers.region as string,
) {
  const bench = await openBench({
    resource: `saas:product:${region}`,
    customers: { ...customers, region },
    clock,
    ...(directory !== undefined && { directory }),
  })
  return { ...bench, customers: known(bench.ledger.customers) }
}

/** The book of a sidecar that was started with the database before the file was brought in. */
async function bookOfDatabase(url: string, clock: ManualClock) {
  const shared = await openSharedLedger(url, 'pod:new', clock, {
    meaningOf: plainMeaning,
    customers,
  })
  return { ...shared, customers: known(shared.ledger.customers) }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the book has no customers')
  return value
}

async function bringIn(directory: string, url: string): Promise<void> {
  await using receiver = await openBookReceiver(url)
  await handOverBook(directory, receiver)
}

test('a file with a record that the database has too stays what its sidecar goes on with', async () => {
  const file = await bookOfFile()
  const { clock, directory } = file
  const url = await newDatabase(server)
  const database = await bookOfDatabase(url, clock)
  for (const book of [file, database]) {
    await book.customers.register(acme)
    await book.report('requests', unit, { customer: 'acme' })
  }
  await clock.advance(hourMs)
  expect(await sealHours(file.ledger, clock)).toHaveLength(1)
  expect(await database.seal()).toHaveLength(1)
  await file.ledger.close()
  await expect(bringIn(directory, url)).rejects.toMatchObject({ code: 'LedgerNotImported' })
  const again = await bookOfFile(directory, clock)
  expect((await again.ledger.usage()).pending).toHaveLength(1)
})

test.each([
  ['the file', 'ended'],
  ['the database', 'active'],
] as const)(
  'of a licence whose end is known to both counts what was said last, by %s',
  async (by, state) => {
    const file = await bookOfFile()
    const { clock, directory } = file
    const url = await newDatabase(server)
    const database = await bookOfDatabase(url, clock)
    for (const book of [file, database]) await book.customers.register(acme)
    await database.customers.end('acme')
    await clock.advance(60_000)
    if (by === 'the database') {
      await file.customers.end('acme')
      await clock.advance(60_000)
      await database.customers.register({ ...acme, reactivates: true })
    } else {
      await file.customers.register({ ...acme, reactivates: true })
      await clock.advance(60_000)
      await file.customers.end('acme')
    }
    await file.ledger.close()
    await bringIn(directory, url)
    const endedAt = async () => {
      const [customer] = await database.customers.list('', 10)
      return customer?.registration?.endedAt
    }
    const last = await endedAt()
    expect(last === undefined ? 'active' : 'ended').toBe(state)
    // Something that was said before changes nothing.
    await database.customers.apply({
      id: 'event',
      names: acme.names,
      change: state === 'active' ? 'ended' : 'active',
      at: clock.now() - 90_000,
    })
    expect(await endedAt()).toBe(last)
  },
)

test('a file with the customers of another region, or with the usage of a buyer, is not brought in', async () => {
  const clock = new ManualClock()
  const url = await newDatabase(server)
  const database = await bookOfDatabase(url, clock)
  await database.customers.register(acme)
  const elsewhere = await bookOfFile(undefined, clock, 'eu-west-1')
  await elsewhere.customers.register(acme)
  const ofBuyer = await openBench({ clock })
  await ofBuyer.report('requests', unit)
  for (const { ledger, directory } of [elsewhere, ofBuyer]) {
    await ledger.close()
    await expect(bringIn(directory, url)).rejects.toMatchObject({ code: 'LedgerNotImported' })
  }
  expect((await bookOfFile(elsewhere.directory, clock, 'eu-west-1')).ledger.owner).toBeDefined()
})

test('a file that has a customer of AWS under another key than the database is not brought in', async () => {
  const file = await bookOfFile()
  const { clock, directory } = file
  const url = await newDatabase(server)
  const database = await bookOfDatabase(url, clock)
  await file.customers.register(acme)
  await database.customers.register({ ...acme, customer: 'aws:identifier:acme' })
  await file.ledger.close()
  await expect(bringIn(directory, url)).rejects.toMatchObject({
    code: 'LedgerNotImported',
    message: expect.stringContaining('aws:identifier:acme') as string,
  })
  await database.customers.delete('aws:identifier:acme')
  await bringIn(directory, url)
  expect(await database.customers.list('', 10)).toMatchObject([{ customer: 'acme' }])
})

test.each(['the file', 'the database'] as const)(
  'usage that waits in one of both is that of the customer whom %s knows',
  async (knows) => {
    const file = await bookOfFile()
    const { clock, directory } = file
    const url = await newDatabase(server)
    const database = await bookOfDatabase(url, clock)
    const [knowing, other] = knows === 'the file' ? [file, database] : [database, file]
    await knowing.customers.register(acme)
    await other.report('requests', unit, { customer: 'acme' })
    await file.ledger.close()
    await bringIn(directory, url)
    await database.ledger.close()
    const next = await bookOfDatabase(url, clock)
    await clock.advance(hourMs)
    expect(await next.seal()).toMatchObject([{ customer: 'acme', quantity: unit }])
  },
)
