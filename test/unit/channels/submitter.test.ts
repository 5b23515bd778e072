import { describe, expect, test, vi } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { batchMeterUsage } from '../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { createSubmitterBench as createBench } from '../../support/ledger/submitter-bench.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const work = () => settle(60)

describe('the tick of an hour', () => {
  test('seals the current hour of a customer whose licence has ended, and of no other', async () => {
    const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
    const { report, submitter, ledger } = await createBench({}, { customers })
    for (const customer of ['acme', 'beta']) {
      await ledger.customers?.register({
        customer,
        names: { identifier: customer },
        reactivates: false,
      })
      await report('requests', 3n * unit, { customer })
    }
    await ledger.customers?.end('acme')
    await submitter.tick()
    await work()
    const acme = await ledger.customers?.usage('acme')
    const beta = await ledger.customers?.usage('beta')
    expect([acme?.open.length, acme?.settled.map(({ hour }) => hour)]).toEqual([0, [nine]])
    expect([beta?.open.length, beta?.pending.length]).toEqual([1, 0])
  })

  test('seals the hours of a month before AWS closes it, however long the seal delay is', async () => {
    const customers = { form: 'identifier', region: 'us-east-1', lateUsage: 'carry' } as const
    const { report, submitter, ledger, clock } = await createBench(
      { channel: batchMeterUsage, sealDelayMs: 20 * hourMs },
      { customers, clock: new ManualClock(Date.parse('2026-03-31T22:15:00Z')) },
    )
    const names = { identifier: 'acme' }
    await ledger.customers?.register({ customer: 'acme', names, reactivates: false })
    await report('requests', 3n * unit, { customer: 'acme' })
    const openAt = async (time: string) => {
      await clock.advance(Date.parse(time) - clock.now())
      await submitter.tick()
      await work()
      return (await ledger.customers?.usage('acme'))?.open.map(({ hour }) => hour)
    }
    expect(await openAt('2026-04-01T04:00:00Z')).toEqual([Date.parse('2026-03-31T22:00:00Z')])
    expect(await openAt('2026-04-01T05:00:00Z')).toEqual([])
    const settled = (await ledger.customers?.usage('acme'))?.settled
    expect(settled?.map(({ hour }) => hour)).toEqual([Date.parse('2026-03-31T22:00:00Z')])
    submitter.stop()
  })

  test('seals and sends the hour that is over, after the delay for stragglers', async () => {
    const { report, clock, submitter, sent } = await createBench()
    await report('requests', 3n * unit)
    await clock.advance(45 * 60_000)
    await submitter.tick()
    await report('requests', unit, { occurredAt: nine + hourMs - 1 })
    await clock.advance(59_999)
    await work()
    expect(sent).toEqual([])
    await clock.advance(1)
    await work()
    expect(sent).toEqual(['requests 4 09:59:59'])
  })

  test('does not wait longer for the seal delay because the disk was slow at the hour', async () => {
    const { report, clock, submitter, ledger, sent } = await createBench()
    await report('requests', 3n * unit)
    await clock.advance(hourMs - (clock.now() % hourMs))
    const slow = Promise.withResolvers<void>()
    vi.spyOn(ledger, 'prune').mockReturnValueOnce(slow.promise)
    const tick = submitter.tick()
    await clock.advance(60_000)
    slow.resolve()
    await tick
    await clock.advance(0)
    await work()
    expect(sent).toEqual(['requests 3 09:59:59'])
  })

  test('tries each minute what the disk does not store, and logs it once an hour', async () => {
    const { log, lines } = createRecordedLog()
    const { ledger, report, clock, submitter, sent } = await createBench({ log })
    await report('requests', 3n * unit)
    await clock.advance(46 * 60_000)
    const seal = ledger.seal.bind(ledger)
    let tries = 0
    Object.assign(ledger, {
      seal: () => {
        tries += 1
        throw new Error('the disk is full')
      },
    })
    await submitter.tick()
    for (let minute = 0; minute < 90; minute += 1) {
      await clock.advance(60_000)
      await work()
    }
    expect(tries).toBeGreaterThan(80)
    expect(lines.map(({ event }) => event)).toEqual(['seal.failed', 'seal.failed'])
    Object.assign(ledger, { seal })
    await clock.advance(60_000)
    await work()
    expect(sent).toEqual(['requests 3 09:59:59'])
  })

  test('forgets no idempotency key while what time it is has just turned out to be another', async () => {
    const awsTime = { isKnown: false, doubtfulForMs: hourMs }
    const { ledger, submitter } = await createBench({ awsTime })
    const prunes: unknown[] = []
    Object.assign(ledger, {
      prune: (doubtfulForMs: unknown) => Promise.resolve(void prunes.push(doubtfulForMs)),
    })
    await submitter.tick()
    expect(prunes).toEqual([])
    Object.assign(awsTime, { isKnown: true })
    await submitter.tick()
    Object.assign(awsTime, { doubtfulForMs: 0 })
    await submitter.tick()
    expect(prunes).toEqual([hourMs, 0])
  })

  test('takes usage that is days ahead of AWS back into the current hour', async () => {
    const { ledger, report, clock, submitter, sent } = await createBench({
      awsTime: { isKnown: true, doubtfulForMs: 0 },
    })
    clock.step(26 * hourMs)
    await report('requests', 2n * unit)
    clock.step(-26 * hourMs)
    await submitter.tick()
    expect((await ledger.usage()).open).toMatchObject([{ hour: nine, quantity: 2n * unit }])
    await clock.advance(46 * 60_000)
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 2 09:59:59'])
  })

  test('leaves usage of an hour ahead where it is while AWS has not said what time it is', async () => {
    const { ledger, report, clock, submitter } = await createBench({
      awsTime: { isKnown: false, doubtfulForMs: 0 },
    })
    clock.step(26 * hourMs)
    await report('requests', 2n * unit)
    clock.step(-26 * hourMs)
    await submitter.tick()
    expect((await ledger.usage()).open).toMatchObject([{ hour: nine + 26 * hourMs }])
  })

  test('says again why sealing fails once it has worked in between, and nothing after the stop', async () => {
    const { log, lines } = createRecordedLog()
    const { report, submitter, ledger, clock } = await createBench({ log })
    const seal = ledger.seal.bind(ledger)
    let isFull = true
    Object.assign(ledger, {
      seal: (...args: Parameters<typeof seal>) => {
        if (isFull) throw new Error('the disk is full')
        return seal(...args)
      },
    })
    const pass = async (hoursBack: number) => {
      await report('requests', unit, { occurredAt: clock.now() - hoursBack * hourMs })
      await clock.advance(60_000)
      await work()
    }
    await pass(1)
    await pass(2)
    expect(lines.map(({ event }) => event)).toEqual(['seal.failed'])
    isFull = false
    await pass(3)
    isFull = true
    await pass(4)
    expect(lines.map(({ event }) => event)).toEqual(['seal.failed', 'seal.failed'])
    submitter.stop()
    expect(clock.waiting).toBe(0)
  })

  test('opens no page of the book to seal where all usage is of hours that are not over', async () => {
    const { report, submitter, ledger, clock } = await createBench({
      awsTime: { isKnown: true, doubtfulForMs: 0 },
    })
    await report('requests', unit)
    await report('requests', unit, { occurredAt: clock.now() + 4 * 60_000 })
    const seal = vi.spyOn(ledger, 'seal')
    await submitter.tick()
    await work()
    expect(seal).not.toHaveBeenCalled()
  })

  test('makes up for every tick that was missed', async () => {
    const { report, clock, submitter, sent } = await createBench()
    await report('requests', unit)
    await clock.advance(hourMs)
    await report('requests', 2n * unit)
    await clock.advance(3 * hourMs)
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 1 09:59:59', 'requests 2 10:59:59'])
  })

  test('sends what an earlier process left sealed', async () => {
    const former = await openBench()
    await former.report('requests', unit)
    await former.clock.advance(hourMs)
    await sealHours(former.ledger, former.clock)
    await former.ledger.close()
    const { directory, clock } = former
    const { submitter, sent } = await createBench({}, { directory, clock })
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 1 09:59:59'])
  })

  test('sends what is sealed although sealing fails', async () => {
    const { ledger, report, clock, submitter, sent } = await createBench()
    await report('requests', unit)
    await clock.advance(hourMs)
    await sealHours(ledger, clock)
    await report('requests', unit)
    await clock.advance(hourMs)
    const seal = () => {
      throw new Error('the disk is full')
    }
    Object.assign(ledger, { seal })
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 1 09:59:59'])
  })

  test('seals usage for an hour that is long over without waiting for the next one', async () => {
    const { report, clock, submitter, sent } = await createBench()
    await submitter.tick()
    await report('requests', unit, { occurredAt: nine - 2 * hourMs })
    await clock.advance(60_000)
    await work()
    expect(sent).toEqual(['requests 1 07:59:59'])
  })

  test('seals the hour that is over in time, also when late usage has set an earlier wake', async () => {
    const { report, clock, submitter, sent } = await createBench()
    await report('requests', unit)
    await clock.advance(44 * 60_000 + 30_000)
    await report('requests', 2n * unit, { occurredAt: nine - 2 * hourMs })
    await clock.advance(30_000)
    await submitter.tick()
    await clock.advance(60_000)
    await work()
    expect(sent).toEqual(['requests 2 07:59:59', 'requests 1 09:59:59'])
  })

  test('makes zero records for hours that are over, from the first hour on, if asked to', async () => {
    const { clock, submitter, sent } = await createBench({ zeroRecords: true })
    await clock.advance(2 * hourMs)
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 0 09:59:59', 'requests 0 10:59:59'])
    await submitter.tick()
    await work()
    expect(sent).toHaveLength(2)
  })

  test('makes them for what was heard alone, and as far back as AWS accepts a whole hour', async () => {
    const asked: string[] = []
    const { clock, submitter, sent } = await createBench({
      zeroRecords: true,
      dimensions: [{ name: 'requests' }, { name: 'hosts', from: { prometheus: {} } }],
      wasHeard: (dimension, hour) => {
        asked.push(dimension)
        return hour === nine + 8 * hourMs
      },
    })
    await clock.advance(10 * hourMs)
    await submitter.tick()
    await work()
    const hours = ['14', '15', '16', '17', '18']
    expect(sent.toSorted()).toEqual([
      'hosts 0 17:59:59',
      ...hours.map((hour) => `requests 0 ${hour}:59:59`),
    ])
    expect(new Set(asked)).toEqual(new Set(['hosts']))
  })

  test('sends decimals of a dimension that is to have them, and says how many tag sets it folded', async () => {
    const bench = await createBench({ dimensions: [{ name: 'requests', fractions: 'send' }] })
    const { report, clock, submitter, sent } = bench
    for (let key = 0; key < 6; key += 1)
      await report('requests', unit / 4n, { tags: `[["key${key}","x"]]` })
    await report('storage', unit + unit / 2n)
    await clock.advance(46 * 60_000)
    await submitter.tick()
    await work()
    expect(sent).toEqual(['requests 1.5 09:59:59', 'storage 1 09:59:59'])
    expect(bench.told('tagSetsOverflowed')).toEqual([{ dimension: 'requests', reports: 1 }])
  })

  test('is looked for again without pruning, and sealing that fails says why', async () => {
    const { log, lines } = createRecordedLog()
    const { ledger, report, clock, submitter, sent } = await createBench({ log })
    const prune = vi.spyOn(ledger, 'prune')
    await report('requests', unit)
    await clock.advance(46 * 60_000)
    await submitter.lookAgain()
    await work()
    expect(sent).toEqual(['requests 1 09:59:59'])
    expect(prune).not.toHaveBeenCalled()
    vi.spyOn(ledger, 'hasOpenBefore').mockRejectedValueOnce(new Error('the disk is full'))
    await submitter.tick()
    expect(lines.map(({ event, message }) => [event, message])).toEqual([
      ['seal.failed', expect.stringMatching(/^Sealing failed.*: the disk is full$/)],
    ])
    expect(submitter.nextSealAt).toBe(clock.now() + 60_000)
    await clock.advance(60_000)
    await work()
    expect(submitter.nextSealAt).toBeUndefined()
  })

  test('comes at most a minute after usage of customers, whose licence may have ended', async () => {
    const { clock, submitter } = await createBench({ channel: batchMeterUsage })
    submitter.usageArrived(nine)
    expect(submitter.nextSealAt).toBe(clock.now() + 60_000)
    const { clock: other, submitter: ofBuyer } = await createBench()
    ofBuyer.usageArrived(nine)
    expect([ofBuyer.nextSealAt, other.waiting]).toEqual([undefined, 0])
  })
})

describe('the end', () => {
  test('of one that sends for customers seals nothing early: others may still report', async () => {
    const { report, submitter, sent, ledger, clock } = await createBench({
      channel: batchMeterUsage,
    })
    await report('requests', unit)
    await submitter.flush(true)
    expect((await ledger.usage()).open).toMatchObject([{ hour: nine }])
    await clock.advance(46 * 60_000)
    await submitter.flush(true)
    expect(sent).toEqual(['requests 1 09:59:59'])
  })

  test('says once why sealing fails', async () => {
    const { log, lines } = createRecordedLog()
    const { report, submitter, sender, ledger, clock } = await createBench({ log })
    await report('requests', unit)
    Object.assign(ledger, {
      seal: () => {
        throw new Error('the disk is full')
      },
    })
    const flushed = submitter.flush(true)
    for (let tries = 0; tries < 4; tries += 1) {
      await work()
      await clock.advance(250)
    }
    sender.stop()
    await flushed
    expect(lines.map(({ event, message }) => [event, message])).toEqual([
      ['seal.failed', expect.stringMatching(/^Sealing at the end failed.*: the disk is full$/)],
    ])
  })

  test('seals and sends the open hour too, at this moment of it', async () => {
    const { report, submitter, sent } = await createBench()
    await report('requests', 5n * unit)
    await submitter.flush(true)
    expect(sent).toEqual(['requests 5 09:15:00'])
  })

  test('makes no record of zero for the hour that is not over', async () => {
    const { submitter, sent, clock } = await createBench({ zeroRecords: true })
    await clock.advance(hourMs)
    await submitter.flush(true)
    expect(sent).toEqual(['requests 0 09:59:59'])
  })

  test('is the end of every wake-up: no timer is left, and nothing is looked at again', async () => {
    const { report, submitter, sent, clock, ledger } = await createBench()
    await report('requests', unit, { occurredAt: nine - 2 * hourMs })
    expect(submitter.nextSealAt).toBe(clock.now() + 60_000)
    await submitter.flush(true)
    expect(sent).toEqual(['requests 1 07:59:59'])
    expect(clock.waiting).toBe(0)
    const look = vi.spyOn(ledger, 'hasOpenBefore')
    await submitter.lookAgain()
    expect(look).not.toHaveBeenCalled()
  })

  test('stops when the sender does, although the book stores nothing', async () => {
    const { report, submitter, sender, ledger } = await createBench()
    await report('requests', unit)
    Object.assign(ledger, {
      seal: () => {
        throw new Error('the disk is full')
      },
    })
    const flushed = submitter.flush(true)
    await work()
    Object.assign(ledger, {
      hasOpenBefore: () => {
        throw new Error('the book is asked after the end')
      },
    })
    sender.stop()
    await expect(flushed).resolves.toBeUndefined()
  })

  test('goes on while the book does not say whether anything is left', async () => {
    const bench = await createBench()
    const { report, submitter, sent, ledger } = bench
    await report('requests', unit)
    const ask = ledger.hasOpenBefore.bind(ledger)
    const answers = [
      ask,
      async () => {
        // Usage that nothing told the submitter of.
        await bench.ledger.report({
          reports: [reportOf('storage', unit)],
          idempotencyKey: undefined,
        })
        throw new Error('the book is locked')
      },
    ]
    const next = (...args: Parameters<typeof ask>) => (answers.shift() ?? ask)(...args)
    Object.assign(ledger, { hasOpenBefore: next })
    await submitter.flush(true)
    expect(sent).toEqual(['requests 1 09:15:00', 'storage 1 09:15:00'])
  })

  test('tries to seal again although no usage is open: an hour may get a record of zero', async () => {
    const { submitter, sent, ledger, clock } = await createBench({ zeroRecords: true })
    await clock.advance(hourMs)
    const seal = ledger.seal.bind(ledger)
    let tries = 0
    Object.assign(ledger, {
      seal: (...args: Parameters<typeof seal>) => {
        tries += 1
        if (tries === 1) throw new Error('the book is locked')
        return seal(...args)
      },
    })
    const flushed = submitter.flush(true)
    await work()
    await clock.advance(250)
    await work()
    await flushed
    expect(sent).toEqual(['requests 0 09:59:59'])
  })

  test('waits for a record that is sealed while it asks whether anything is left', async () => {
    const { report, submitter, sent, ledger } = await createBench()
    await report('requests', unit)
    const mark = ledger.markAll.bind(ledger)
    const ask = ledger.hasOpenBefore.bind(ledger)
    const slow = Promise.withResolvers<void>()
    const answers = [
      ask,
      async () => {
        Object.assign(ledger, {
          markAll: async (ids: readonly number[]) => {
            await slow.promise
            return mark(ids)
          },
        })
        await report('storage', unit)
        await work()
        return false
      },
    ]
    const next = (...args: Parameters<typeof ask>) => (answers.shift() ?? ask)(...args)
    Object.assign(ledger, { hasOpenBefore: next })
    let ended = false
    const flushed = submitter.flush(true).then(() => (ended = true))
    await settle(300)
    expect([sent.length, ended]).toEqual([1, false])
    slow.resolve()
    await flushed
    expect(sent).toEqual(['requests 1 09:15:00', 'storage 1 09:15:00'])
  })

  test('keeps the open hour for the next start where that is the setting', async () => {
    const { report, submitter, sent, ledger } = await createBench()
    await report('requests', 5n * unit)
    await submitter.flush(false)
    expect(sent).toEqual([])
    expect((await ledger.usage()).open).toMatchObject([{ quantity: 5n * unit }])
  })
})
