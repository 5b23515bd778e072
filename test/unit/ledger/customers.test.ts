import { describe, expect, test } from 'vitest'
import { imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import type { CustomerForm, CustomerNames } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import { reopenRefused } from '../../../src/ledger/decisions/reopen-record.ts'
import { changeBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { refusal } from '../../support/refusal.ts'

const region = 'us-east-1'
const acme: CustomerNames = {
  accountId: '111122223333',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-acme',
  identifier: 'acme1',
}
const beta: CustomerNames = {
  accountId: '444455556666',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-beta',
}

const nine = Date.parse('2026-03-10T09:00:00Z')

async function saasBench(
  form: CustomerForm = 'license-arn',
  more: { directory?: string; clock?: ManualClock; lateUsage?: 'carry' | 'hold' } = {},
) {
  const { lateUsage = 'carry', ...options } = more
  const bench = await openBench({
    ...options,
    resource: 'saas:product',
    customers: { form, region, lateUsage },
  })
  const { customers } = bench.ledger
  if (customers === undefined) throw new Error('the book has no customers')
  return {
    ...bench,
    customers,
    register: (customer: string, names: CustomerNames) =>
      customers.register({ customer, names, reactivates: false }),
  }
}

const use = (bench: LedgerBench, customer: string, quantity = 1n) =>
  bench.report('requests', quantity * unit, { customer })

async function balanced({ ledger }: LedgerBench): Promise<void> {
  expect(imbalancesOf(await ledger.audit())).toEqual([])
}

describe('a registration', () => {
  test('is the same when it comes again', async () => {
    const { register } = await saasBench()
    const first = await register('acme', acme)
    expect(first.identity).toEqual({
      form: 'license-arn',
      value: `${acme.accountId}/${acme.licenseArn}`,
      region,
    })
    expect(await register('acme', acme)).toEqual(first)
  })

  test.each(['license-arn', 'account', 'identifier'] as const)(
    'by %s of a customer who has another key is refused',
    async (form) => {
      const { register } = await saasBench(form)
      await register('acme', acme)
      await expect(register('again', acme)).rejects.toMatchObject(refusal('CustomerIdentityTaken'))
      const [one, two] = await Promise.allSettled([
        register('one', { ...acme, ...beta, identifier: 'beta1' }),
        register('two', { ...acme, ...beta, identifier: 'beta1' }),
      ])
      expect([one.status, two.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    },
  )

  test('lets one account have two licences under two keys', async () => {
    const { register } = await saasBench()
    await register('acme', acme)
    const second = { ...acme, identifier: undefined, licenseArn: `${acme.licenseArn}-2` }
    await expect(register('acme-2', second)).resolves.toMatchObject({ customer: 'acme-2' })
  })

  test('needs what the product is billed by', async () => {
    const { register } = await saasBench('identifier')
    await expect(register('beta', beta)).rejects.toMatchObject(refusal('CustomerNamesIncomplete'))
  })

  test('of a new licence leaves usage reported before with the old one', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    await use(bench, 'acme', 3n)
    const renewed = { ...acme, licenseArn: `${acme.licenseArn}-2` }
    await bench.register('acme', renewed)
    await use(bench, 'acme', 5n)
    await bench.clock.advance(hourMs)
    const records = await sealHours(bench.ledger, bench.clock)
    expect(records.map(({ slot, quantity }) => [slot.holder, quantity / unit])).toEqual([
      [expect.stringContaining('l-acme"'), 3n],
      [expect.stringContaining('l-acme-2"'), 5n],
    ])
    await balanced(bench)
  })
})

describe('usage of a customer who is not registered', () => {
  test('waits, is not sealed, and is sealed in its own hours after the registration', async () => {
    const bench = await saasBench()
    await use(bench, 'acme', 3n)
    await bench.clock.advance(hourMs)
    await use(bench, 'acme', 4n)
    await bench.clock.advance(5 * hourMs)
    expect(await bench.ledger.hasOpenBefore(bench.clock.now())).toBe(false)
    expect(await sealHours(bench.ledger, bench.clock)).toEqual([])
    await balanced(bench)
    await bench.register('acme', acme)
    const records = await sealHours(bench.ledger, bench.clock)
    expect(
      records.map(({ hour, quantity, customer }) => [hour, quantity / unit, customer]),
    ).toEqual([
      [nine, 3n, 'acme'],
      [nine + hourMs, 4n, 'acme'],
    ])
    await balanced(bench)
  })

  test.each([
    ['carry', 1],
    ['hold', 0],
  ] as const)('whose window is over follows the policy %s', async (lateUsage, sealed) => {
    const bench = await saasBench('license-arn', { lateUsage })
    await use(bench, 'acme', 3n)
    await bench.clock.advance(26 * hourMs)
    await bench.register('acme', acme)
    const { held, open } = await bench.ledger.usage()
    expect(held.map(({ quantity, reason }) => [quantity, reason])).toEqual(
      lateUsage === 'hold' ? [[3n * unit, 'late']] : [],
    )
    expect(open.map(({ hour }) => hour)).toEqual(sealed === 1 ? [nine + 26 * hourMs] : [])
    await balanced(bench)
  })

  test('goes to its own hour until AWS no longer accepts the end of it', async () => {
    const bench = await saasBench()
    await use(bench, 'acme', 3n)
    await bench.clock.advance(24 * hourMs + 15 * 60_000)
    await bench.register('acme', acme)
    expect((await bench.ledger.usage()).open.map(({ hour }) => hour)).toEqual([nine])
  })

  test('is refused when too many customers wait', async () => {
    const bench = await saasBench()
    const reports = Array.from({ length: 1000 }, (_, index) => ({
      dimension: 'requests',
      customer: `unknown-${index}`,
      quantity: unit,
      occurredAt: undefined,
      tags: '',
      idempotencyKey: undefined,
    }))
    await bench.ledger.report({ reports, idempotencyKey: undefined })
    await expect(use(bench, 'one-more')).rejects.toMatchObject(refusal('TooManyUnknownCustomers'))
    await use(bench, 'unknown-7')
    await bench.register('unknown-0', acme)
    await expect(use(bench, 'one-more')).resolves.toMatchObject({ result: 'accepted' })
    await balanced(bench)
  })

  test('does not wait any more, and no longer counts, when its customer is registered under another key', async () => {
    const bench = await saasBench('identifier')
    const waiting = Array.from({ length: 1000 }, (_, index) => `aws:identifier:c${index}`)
    await Promise.all(waiting.map((key) => use(bench, key)))
    await expect(use(bench, 'one-more')).rejects.toMatchObject(refusal('TooManyUnknownCustomers'))
    for (const index of [0, 1, 2])
      await bench.register(`customer-${index}`, { identifier: `c${index}` })
    for (const key of ['one-more', 'another', waiting[1] ?? '']) await use(bench, key)
    await expect(use(bench, 'too-many')).rejects.toMatchObject(refusal('TooManyUnknownCustomers'))
    await balanced(bench)
  })
})

describe('what comes in one group with a registration', () => {
  test('is received by it, whichever came first', async () => {
    const bench = await saasBench()
    await Promise.all([
      use(bench, 'acme', 3n),
      bench.register('acme', acme),
      use(bench, 'acme', 4n),
    ])
    await use(bench, 'beta', 2n)
    await Promise.all([use(bench, 'beta', 1n), bench.register('beta', beta)])
    await bench.clock.advance(hourMs)
    const records = await sealHours(bench.ledger, bench.clock)
    expect(records.map(({ customer, quantity }) => [customer, quantity / unit])).toEqual([
      ['acme', 7n],
      ['beta', 3n],
    ])
    await balanced(bench)
  })

  test('keeps it from being deleted, as any usage does', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    const [, deleted] = await Promise.allSettled([
      use(bench, 'acme'),
      bench.customers.delete('acme'),
    ])
    expect(deleted).toMatchObject({ reason: { code: 'CustomerNotSettled' } })
    expect((await bench.customers.usage('acme')).registration).toBeDefined()
  })

  test('closes its hour to another form', async () => {
    const first = await saasBench('identifier')
    await first.register('acme', acme)
    await first.ledger.close()
    const bench = await saasBench('license-arn', first)
    const [, registration] = await Promise.all([
      use(bench, 'acme', 2n),
      bench.register('acme', acme),
      use(bench, 'acme', 3n),
    ])
    expect(registration.startsAt).toBe(nine + hourMs)
    await bench.clock.advance(2 * hourMs)
    const records = await sealHours(bench.ledger, bench.clock)
    const forms = records.map(({ slot, hour }) => [
      slot.holder.includes('license-arn') ? 'licence' : 'identifier',
      (hour - nine) / hourMs,
    ])
    expect(new Set(forms.map(([, hour]) => hour)).size).toBe(forms.length)
  })
})

describe('a change of the form', () => {
  test('bills no hour under both forms', async () => {
    const first = await saasBench('identifier')
    await first.register('acme', acme)
    await use(first, 'acme', 2n)
    const { directory, clock } = first
    await first.ledger.close()

    const bench = await saasBench('license-arn', { directory, clock })
    const registration = await bench.register('acme', acme)
    expect(registration.startsAt).toBe(nine + hourMs)
    await use(bench, 'acme', 3n)
    await clock.advance(hourMs)
    await use(bench, 'acme', 4n)
    await bench.report('requests', 5n * unit, { customer: 'acme', occurredAt: nine + 1 })
    await clock.advance(hourMs)
    const records = await sealHours(bench.ledger, clock)
    const slots = records.map(({ slot, hour, quantity }) => [
      slot.holder.includes('license-arn') ? 'licence' : 'identifier',
      (hour - nine) / hourMs,
      quantity / unit,
    ])
    expect(slots).toEqual([
      ['identifier', 0, 10n],
      ['licence', 1, 4n],
    ])
    await balanced(bench)
  })

  test('lets usage of the old form that comes late take no hour of the new one', async () => {
    const first = await saasBench('identifier')
    await first.register('acme', acme)
    await use(first, 'acme', 2n)
    await first.clock.advance(hourMs)
    const [record] = await sealHours(first.ledger, first.clock)
    const { directory, clock } = first
    await first.ledger.close()

    const bench = await saasBench('license-arn', { directory, clock })
    await bench.register('acme', acme)
    await use(bench, 'acme', 4n)
    await markSending(bench.ledger, record?.id ?? 0)
    const moved = await settle(bench.ledger, record?.id ?? 0, {
      kind: 'too-late',
      code: 'TimestampOutOfBoundsException',
      message: '',
      policy: 'carry',
    })
    expect(moved).toMatchObject({ state: 'moved', movedTo: nine + 2 * hourMs })
    await balanced(bench)
  })
})

test('the end of a licence is that of usage from before a change of the form too', async () => {
  const first = await saasBench('identifier')
  await first.register('acme', acme)
  await use(first, 'acme', 2n)
  const { directory, clock } = first
  await first.ledger.close()
  const bench = await saasBench('license-arn', { directory, clock })
  await bench.register('acme', acme)
  const names = { licenseArn: acme.licenseArn }
  await bench.customers.apply({ id: '1', names, change: 'ended', at: clock.now() })
  const records = await sealHours(bench.ledger, clock, {}, false, nine + hourMs)
  expect(records.map(({ hour, quantity }) => [hour, quantity / unit])).toEqual([[nine, 2n]])
})

// The refused record keeps the hour of the customer's slot, whatever the product code is.
test('a refused record of a customer is reopened next to its own hour while AWS accepts that', async () => {
  const bench = await saasBench()
  await bench.register('acme', acme)
  await use(bench, 'acme', 2n)
  await bench.clock.advance(hourMs)
  const [record] = await sealHours(bench.ledger, bench.clock)
  await markSending(bench.ledger, record?.id ?? 0)
  await settle(bench.ledger, record?.id ?? 0, {
    kind: 'refused',
    code: 'InvalidProductCodeException',
    message: '',
  })
  await bench.clock.advance(10 * hourMs)
  const reopened = await operate(
    (decide) => changeBook(bench.directory, decide),
    2500,
    (page) =>
      reopenRefused(page, record?.id ?? 0, bench.clock.now(), {
        productCode: 'corrected',
        dimensionOf: (dimension) => dimension,
      }),
  )
  expect(reopened).toMatchObject({ state: 'moved', movedTo: nine + hourMs })
  await balanced(bench)
})

describe('the end of a licence', () => {
  test('has usage of the current hour sealed, and of no other customer', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    await bench.register('beta', beta)
    await use(bench, 'acme', 3n)
    await use(bench, 'beta', 4n)
    const ended = await bench.customers.end('acme')
    expect(ended.endedAt).toBe(bench.clock.now())
    const due = { before: nine, endedBefore: nine + hourMs }
    expect(await bench.ledger.hasOpenBefore(due.before, due.endedBefore)).toBe(true)
    const records = await sealHours(bench.ledger, bench.clock, {}, false, due.endedBefore)
    expect(
      records.map(({ customer, hour, quantity }) => [customer, hour, quantity / unit]),
    ).toEqual([['acme', nine, 3n]])
    await balanced(bench)
  })

  test('comes with an event that names the licence, and goes with another', async () => {
    const { customers, register } = await saasBench()
    await register('acme', acme)
    const names = { licenseArn: acme.licenseArn }
    const isActive = async () => (await customers.usage('acme')).registration?.endedAt === undefined
    expect(await customers.apply({ id: '1', names, change: 'ended', at: 1 })).toBe('accepted')
    expect(await isActive()).toBe(false)
    expect(await customers.apply({ id: '2', names, change: 'active', at: 2 })).toBe('accepted')
    expect(await isActive()).toBe(true)
    expect(await customers.apply({ id: '1', names, change: 'ended', at: 1 })).toBe('duplicate')
    expect(await isActive()).toBe(true)
    const other = { licenseArn: 'arn:aws:license-manager::1:license:l-other' }
    expect(await customers.apply({ id: '3', names: other, change: 'ended', at: 3 })).toBe('ignored')
  })
})

describe('a customer who is deleted and registered again in the same hour', () => {
  const settleAll = async (bench: Awaited<ReturnType<typeof saasBench>>) => {
    const now = bench.clock.now()
    const records = await sealHours(bench.ledger, bench.clock, {}, false, now + hourMs)
    await bench.ledger.markAll(records.map(({ id }) => id))
    await bench.ledger.settleAll(
      records.map(({ id }) => [id, { kind: 'accepted', meteringRecordId: `m-${id}` }]),
    )
  }

  test.each(['acme', 'acme-again'])(
    'under another form is billed from the next hour on: as %s',
    async (key) => {
      const first = await saasBench('identifier')
      await first.register('acme', acme)
      await use(first, 'acme', 2n)
      await first.customers.end('acme')
      await settleAll(first)
      await first.customers.delete('acme')
      const { directory, clock } = first
      await first.ledger.close()

      const bench = await saasBench('license-arn', { directory, clock })
      await use(bench, key, 7n)
      const registration = await bench.register(key, acme)
      expect(registration.startsAt).toBe(nine + hourMs)
      await use(bench, key, 3n)
      await bench.report('requests', 4n * unit, { customer: key, occurredAt: nine + 1 })
      const { open } = await bench.ledger.usage()
      expect(open).toMatchObject([{ hour: nine + hourMs, quantity: 14n * unit }])
      await balanced(bench)
    },
  )

  test('is known as the one who was deleted when the names that say so come later', async () => {
    const first = await saasBench('identifier')
    await first.register('acme', { identifier: 'acme1' })
    await use(first, 'acme', 2n)
    await first.customers.end('acme')
    await settleAll(first)
    await first.customers.delete('acme')
    const { directory, clock } = first
    await first.ledger.close()

    const bench = await saasBench('license-arn', { directory, clock })
    const { identifier: _, ...names } = acme
    await bench.register('other', names)
    await use(bench, 'other', 3n)
    await bench.register('other', acme)
    await clock.advance(3 * hourMs)
    const records = await sealHours(bench.ledger, clock)
    expect(records.map(({ hour, quantity }) => [hour, quantity / unit])).toEqual([
      [nine + hourMs, 3n],
    ])
    await balanced(bench)
  })

  test('is the newest registration of its key, whatever the clock did', async () => {
    const bench = await saasBench()
    const renewed = { ...acme, identifier: undefined, licenseArn: `${acme.licenseArn}-2` }
    await bench.register('acme', acme)
    await bench.register('acme', renewed)
    await bench.customers.delete('acme')
    await bench.register('acme', renewed)
    bench.clock.step(-1000)
    await bench.register('acme', { ...acme, identifier: undefined })
    const newest = await bench.customers.usage('acme')
    expect(newest.registration?.names.licenseArn).toBe(acme.licenseArn)
    await use(bench, 'acme')
    expect((await bench.customers.end('acme')).names.licenseArn).toBe(acme.licenseArn)
  })
})

describe('a customer', () => {
  test('is deleted once everything is settled, which frees the identity', async () => {
    const bench = await saasBench()
    await bench.register('acme', acme)
    await use(bench, 'acme', 3n)
    await expect(bench.customers.delete('acme')).rejects.toMatchObject(
      refusal('CustomerNotSettled'),
    )
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    await expect(bench.customers.delete('acme')).rejects.toMatchObject(
      refusal('CustomerNotSettled'),
    )
    await markSending(bench.ledger, record?.id ?? 0)
    await settle(bench.ledger, record?.id ?? 0, { kind: 'accepted', meteringRecordId: 'm' })
    await bench.customers.delete('acme')
    await expect(bench.customers.end('acme')).rejects.toMatchObject(refusal('CustomerNotFound'))
    await bench.register('acme-again', acme)
    // The hour is billed already: AWS knows the customer, not the key.
    await bench.report('requests', unit, { customer: 'acme-again', occurredAt: nine + 1 })
    expect((await bench.ledger.usage()).open.map(({ hour }) => hour)).toEqual([nine + hourMs])
    await balanced(bench)
  })
})
