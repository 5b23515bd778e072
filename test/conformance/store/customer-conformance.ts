import { describe, expect, test } from 'vitest'
import { accountOf } from '../../../src/metering/account.ts'
import type { Registration } from '../../../src/metering/customer.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import type { Store } from '../../../src/store/store.ts'
import { never } from './book-for-tests.ts'
import {
  accountFor,
  addedTo,
  look,
  nine,
  partOf,
  pod,
  progressOf,
  recordOf,
  unit,
  write,
} from './changes-for-tests.ts'

const acme: Registration = {
  customer: 'acme',
  identity: { form: 'account', value: '111122223333', region: 'us-east-1' },
  names: { accountId: '111122223333', licenseArn: undefined, identifier: 'acme1' },
  createdAt: nine,
  startsAt: 0,
  endedAt: undefined,
  deletedAt: undefined,
}
const later: Registration = {
  ...acme,
  identity: { ...acme.identity, value: '444455556666' },
  names: { accountId: '444455556666', licenseArn: 'arn:aws:l', identifier: undefined },
  startsAt: nine + hourMs,
}
const accountOfCustomer = (registration: Registration) =>
  accountFor('requests', { customer: registration.customer, identity: registration.identity })
const waiting = accountFor('requests', { customer: 'unknown' })
const cells = { [untagged]: unit }

/** Checks how a store keeps the customers of a SaaS product. */
export function describeCustomers(name: string, owned: () => Promise<{ store: Store }>): void {
  describe(`${name}: the customers`, () => {
    test('keep their registrations, the oldest first, as they were written last', async () => {
      const { store } = await owned()
      await write(store, { registrations: [acme, later] })
      expect(await look(store, (view) => view.registrations('acme'))).toEqual([acme, later])
      const ended = { ...acme, endedAt: nine + 5 }
      await write(store, { registrations: [ended] })
      expect(await look(store, (view) => view.registrations('acme'))).toEqual([ended, later])
      expect(await look(store, (view) => view.registrations('other'))).toEqual([])
    })

    test('are found by any of their names, deleted or not', async () => {
      const { store } = await owned()
      const deleted = { ...later, deletedAt: nine }
      await write(store, { registrations: [acme, deleted] })
      const naming = (names: Registration['names']) =>
        look(store, (view) => view.registrationsNaming(names))
      expect(await naming({ identifier: 'acme1' })).toEqual([acme])
      expect(await naming({ accountId: '111122223333' })).toEqual([acme])
      expect(await naming({ accountId: '444455556666' })).toEqual([deleted])
      expect(await naming({ identifier: 'acme1', licenseArn: 'arn:aws:l' })).toEqual([
        acme,
        deleted,
      ])
      expect(await naming({})).toEqual([])
      expect(await look(store, (view) => view.registrations('acme'))).toEqual([acme, deleted])
    })

    test('are listed by the registration that was made last, which may have been deleted before', async () => {
      const { store } = await owned()
      await write(store, { registrations: [acme, { ...later, createdAt: nine + 1 }] })
      const newest = async () =>
        (await store.customers('', 10)).map(({ registration }) => registration?.createdAt)
      expect(await newest()).toEqual([nine + 1])
      await write(store, { registrations: [{ ...acme, createdAt: nine + 2 }] })
      expect(await newest()).toEqual([nine + 2])
      expect((await store.customer('acme', nine))?.registration?.identity).toEqual(acme.identity)
      const gone = { deletedAt: nine + 3 }
      await write(store, {
        registrations: [
          { ...acme, ...gone },
          { ...later, ...gone },
        ],
      })
      expect(await newest()).toEqual([])
    })

    test('have the records of their own key, not those of an earlier one of the same identity', async () => {
      const { store } = await owned()
      const gone = { ...acme, customer: 'acme-before', deletedAt: nine + hourMs }
      await write(store, {
        registrations: [gone, acme],
        newRecords: [
          recordOf(nine, partOf(accountOfCustomer(gone), 1)),
          recordOf(nine + hourMs, partOf(accountOfCustomer(acme), 1)),
        ],
      })
      const hoursOf = async (key: string) =>
        (await store.customer(key, nine + 2 * hourMs))?.pending.map(({ hour }) => hour)
      expect(await hoursOf('acme')).toEqual([nine + hourMs])
    })

    test('are named by every list of records and of held usage', async () => {
      const { store } = await owned()
      const account = accountOfCustomer(acme)
      const at = { account, resource: pod, hour: nine, reason: 'guard', since: nine } as const
      await write(store, {
        registrations: [acme],
        held: [{ ...at, added: new Map([[untagged, unit]]) }],
        newRecords: [
          recordOf(nine, partOf(account, 1)),
          recordOf(nine, partOf(accountFor('requests'), 1)),
        ],
      })
      const now = nine + 2 * hourMs
      const { held, pending } = await store.usage(now)
      expect(held.map(({ customer }) => customer)).toEqual(['acme'])
      expect(pending.map(({ customer }) => customer)).toEqual(['acme', ''])
      const own = await store.customer('acme', now)
      expect([...(own?.held ?? []), ...(own?.pending ?? [])].map((each) => each.customer)).toEqual([
        'acme',
        'acme',
      ])
    })

    test('have what was said last of each licence, until it is old', async () => {
      const { store } = await owned()
      const said = (key: string) => look(store, (view) => view.licence(key))
      const [first, second] = ['aws:licence:arn:aws:l', 'aws:identifier:acme1']
      await write(store, {
        licences: new Map([
          [first, { at: nine, ended: true }],
          [second, { at: nine + 1, ended: false }],
        ]),
      })
      await write(store, { licences: new Map([[first, { at: nine + 2, ended: false }]]) })
      expect(await said(first)).toEqual({ at: nine + 2, ended: false })
      expect(await said(second)).toEqual({ at: nine + 1, ended: false })
      expect(await said('aws:licence:other')).toBeUndefined()
      await write(store, { forget: { ...never, licencesBefore: nine + 2 } })
      expect(await said(first)).toEqual({ at: nine + 2, ended: false })
      expect(await said(second)).toBeUndefined()
    })

    test('stand on what was written off of theirs, before they are registered too', async () => {
      const { store } = await owned()
      const usage = { hour: nine, tags: untagged, quantity: unit, recordId: undefined, reason: 'x' }
      const written = [accountOfCustomer(acme), waiting].map((account) => ({ ...usage, account }))
      await write(store, {
        registrations: [acme],
        voided: written.map((each, index) => ({ ...each, at: nine + index })),
      })
      const { voided } = await store.overview(nine)
      expect(voided.map(({ customer }) => customer)).toEqual(['unknown', 'acme'])
    })

    test('have a region, which those who were deleted still have', async () => {
      const { store } = await owned()
      expect(await store.billed()).toEqual({ buyers: false, customers: false, region: undefined })
      await write(store, { added: [addedTo(waiting, nine, cells)] })
      expect(await store.billed()).toEqual({ buyers: false, customers: true, region: undefined })
      await write(store, {
        registrations: [{ ...acme, deletedAt: nine }],
        added: [addedTo(accountFor('requests'), nine, cells)],
      })
      expect(await store.billed()).toEqual({ buyers: true, customers: true, region: 'us-east-1' })
    })

    test('are unbalanced where what was reported is in no place', async () => {
      const { store } = await owned()
      const [good, wrong] = [acme, later].map(accountOfCustomer)
      if (good === undefined || wrong === undefined) throw new TypeError('there are two')
      await write(store, {
        registrations: [acme, later],
        accounts: [good, wrong].map((account) => ({
          account,
          reported: unit,
          fraction: undefined,
        })),
        added: [addedTo(good, nine, cells)],
      })
      expect(await store.audited()).toMatchObject({
        unbalanced: [{ customer: 'acme', reported: unit, open: 0n }],
        sharedMeteringIds: [],
      })
      await write(store, { added: [addedTo(wrong, nine, cells)] })
      expect(await store.audited()).toEqual({ unbalanced: [], sharedMeteringIds: [] })
    })

    test('have accounts of their own, and none without a registration', async () => {
      const { store } = await owned()
      const account = accountOfCustomer(acme)
      await expect(write(store, { added: [addedTo(account, nine, cells)] })).rejects.toThrow(
        'has no registration',
      )
      await write(store, { registrations: [acme], added: [addedTo(account, nine, cells)] })
      const [found] = await look(store, (view) => view.accountsOf('acme'))
      expect(found).toEqual(accountOf(account.key))
      expect(await look(store, (view) => view.openHoursOf(account))).toMatchObject([{ hour: nine }])
    })

    test('may have usage before they are registered, which is counted and not sealed', async () => {
      const { store } = await owned()
      const due = { before: nine + hourMs, endedBefore: nine + hourMs }
      await write(store, { added: [addedTo(waiting, nine, cells)] })
      expect(await look(store, (view) => [view.isAwaited('unknown'), view.countAwaited()])).toEqual(
        [true, 1],
      )
      expect(await look(store, (view) => view.sealableHours(due))).toEqual([])
      expect(await store.hasSealable(due)).toBe(false)
      const { oldestOpenHour, oldestUnregisteredHour } = await store.gauges()
      expect([oldestOpenHour, oldestUnregisteredHour]).toEqual([undefined, nine])
    })

    test('are not awaited any more when none of their usage waits', async () => {
      const { store } = await owned()
      const state = () => look(store, (view) => [view.isAwaited('unknown'), view.countAwaited()])
      await write(store, { added: [addedTo(waiting, nine, cells)] })
      expect(await state()).toEqual([true, 1])
      const [open] = await look(store, (view) => view.openHoursOf(waiting))
      if (open === undefined) throw new Error('the usage is not there')
      await write(store, { emptied: [open] })
      expect(await state()).toEqual([false, 0])
      await write(store, { added: [addedTo(waiting, nine + hourMs, cells)] })
      expect(await state()).toEqual([true, 1])
    })

    test('are looked up one by one, each under its own names', async () => {
      const { store } = await owned()
      const many = Array.from({ length: 30 }, (_, index): Registration => {
        const accountId = String(100000000000 + index)
        const identity = { ...acme.identity, value: accountId }
        return { ...acme, customer: `c${index}`, identity, names: { ...acme.names, accountId } }
      })
      await write(store, {
        registrations: many.map((each) => ({
          ...each,
          names: { accountId: each.names.accountId },
        })),
      })
      const found = await look(store, (view) =>
        [3, 7].map((index) => [
          view.registrations(`c${index}`).map(({ customer }) => customer),
          view
            .registrationsNaming({ accountId: String(100000000000 + index) })
            .map((each) => each.customer),
          view.registrationsNaming({ identifier: `none-${index}` }),
        ]),
      )
      expect(found).toEqual([
        [['c3'], ['c3'], []],
        [['c7'], ['c7'], []],
      ])
    })

    test('have what is due sealed, and more once the licence has ended', async () => {
      const { store } = await owned()
      const account = accountOfCustomer(acme)
      const hours = [nine, nine + hourMs].map((hour) => addedTo(account, hour, cells))
      await write(store, { registrations: [acme], added: hours })
      const due = { before: nine + 1, endedBefore: nine + 2 * hourMs }
      const sealable = (limit?: number) =>
        look(store, (view) => view.sealableHours({ ...due, limit }).map(({ hour }) => hour))
      expect(await sealable()).toEqual([nine])
      expect(await store.hasSealable({ before: nine, endedBefore: nine + 1 })).toBe(false)
      await write(store, { registrations: [{ ...acme, endedAt: nine }] })
      expect(await sealable()).toEqual([nine, nine + hourMs])
      expect(await sealable(1)).toEqual([nine])
      expect(await store.hasSealable({ before: nine, endedBefore: nine + 1 })).toBe(true)
    })

    test('are unsettled while anything of theirs is open, unsent or unresolved', async () => {
      const { store } = await owned()
      const account = accountOfCustomer(acme)
      const state = () => look(store, (view) => [view.isUnsettled(acme), view.lastHour(acme)])
      await write(store, { registrations: [acme] })
      expect(await state()).toEqual([false, undefined])
      await write(store, { added: [addedTo(account, nine, cells)] })
      expect(await state()).toEqual([true, nine])
      const record = recordOf(nine + hourMs, partOf(account, 1))
      const open = { account, resource: record.resource, hour: nine }
      const [id = 0] = await write(store, { emptied: [open], newRecords: [record] })
      expect(await state()).toEqual([true, nine + hourMs])
      for (const [unsettled, reached] of [
        [true, 'unresolved'],
        [false, 'accepted'],
      ] as const) {
        await write(store, { records: new Map([[id, progressOf({ state: reached })]]) })
        expect(await state()).toEqual([unsettled, nine + hourMs])
      }
    })
  })
}
