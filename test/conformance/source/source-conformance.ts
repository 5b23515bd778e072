import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import type { Dimension } from '../../../src/product/product.ts'
import type { Source } from '../../../src/sources/source.ts'
import { eventually } from '../../support/eventually.ts'
import { RunningSource } from './running-source.ts'

/** A piece of usage as a test describes it, before the driver puts it into the source's own protocol. */
export interface SentUsage {
  /** The same piece of usage has the same name, however often it is sent. */
  readonly id: string
  readonly dimension: string
  readonly quantity: string
  readonly tags?: Readonly<Record<string, string>>
}

export interface SourceAnswer {
  readonly acknowledged: boolean
  /** The code or name of the error, as the source's protocol calls it. */
  readonly code: string | undefined
}

/** What can be wrong with the book; `defect` is an error that is not a SidecarError. */
export const bookFailures = [
  'LedgerFull',
  'LedgerBusy',
  'LedgerFailed',
  'ShuttingDown',
  'defect',
] as const
export type BookFailure = (typeof bookFailures)[number]

/** The application of one test. */
export interface Application {
  /** Has the source take a piece of usage, once more when it was taken before. */
  send(running: RunningSource, usage: SentUsage): Promise<SourceAnswer>
  /** Of its metrics page. */
  readonly url?: string
  close?(): Promise<void>
}

/** How an application uses a source, and what the source's protocol makes of the book's answers. */
export interface SourceDriver {
  readonly name?: string
  readonly source: Source
  /** Where the usage of a dimension comes from, and how it adds up. */
  readonly from?: (dimension: string) => Pick<Dimension, 'from' | 'aggregate'>
  start(): Application | Promise<Application>
  /** The documented code for each failure; none where there is no one to answer. */
  readonly codes: Readonly<Record<BookFailure, string | undefined>>
  /** What the source says when usage is not recorded: to those who watch, if not to the application. */
  readonly complaint: string
  /** The answer to usage of a dimension that the product does not have. */
  readonly unknownDimension?: SourceAnswer
  /** Quantities that the protocol can express, and what the book must have for them. */
  readonly quantities: readonly {
    readonly dimension: string
    readonly sent: string
    readonly micro: bigint
  }[]
  /** Whether each piece of usage adds to the ones before, and can have tags: time cannot. */
  readonly addsUp: boolean
}

const usage: SentUsage = { id: 'one', dimension: 'requests', quantity: '3' }
const threeUnits = 3_000_000n
const tags = [
  { key: 'team', value: 'blue' },
  { key: 'account', value: '7' },
]
const acknowledged: SourceAnswer = { acknowledged: true, code: undefined }

/** The dimensions of these tests. AWS meters its storage in thousands. */
function dimensionsOf({ from }: SourceDriver): Dimension[] {
  return [
    { name: 'requests', unit: undefined, divisor: 1n, ...from?.('requests') },
    { name: 'storage', unit: undefined, divisor: 1000n, ...from?.('storage') },
  ]
}

function failWith(failure: BookFailure): Error {
  return failure === 'defect' ? new TypeError('a defect') : new SidecarError(failure, 'Not now.')
}

/** Declares the tests that every source passes. */
export function describeSource(driver: SourceDriver): void {
  const { source, codes } = driver
  let running: RunningSource
  let application: Application
  const send = (changes: Partial<SentUsage> = {}) =>
    application.send(running, { ...usage, ...changes })

  beforeEach(async () => {
    application = await driver.start()
    const dimensions = dimensionsOf(driver)
    running = new RunningSource({ source, dimensions, scrapeUrl: application.url })
  })
  afterEach(async () => {
    await running.close()
    await application.close?.()
  })

  describe(`the source ${driver.name ?? source.name}`, () => {
    test('acknowledges usage only when it is on disk', async () => {
      const flushed = Promise.withResolvers<undefined>()
      running.onTheWay = async (store) => {
        const stored = await store()
        await flushed.promise
        return stored
      }
      await running.start()
      let answered = false
      const sent = send().finally(() => {
        answered = true
      })
      await eventually(() => running.asked > 0)
      await running.arrive()
      expect(answered).toBe(false)
      flushed.resolve(undefined)
      expect(await sent).toEqual(acknowledged)
    })

    test('has what it acknowledged after a power cut', async () => {
      await running.start()
      expect(await send()).toEqual(acknowledged)
      await running.cutPower()
      expect(await running.recorded('requests')).toBe(threeUnits)
    })

    test.each(bookFailures)(
      'neither acknowledges nor keeps usage that the book rejects, and says so: %s',
      async (failure) => {
        running.onTheWay = () => Promise.reject(failWith(failure))
        await running.start()
        expect(await send()).toEqual({ acknowledged: false, code: codes[failure] })
        expect(running.said).toContain(driver.complaint)
        expect(await running.recorded('requests')).toBe(0n)
      },
    )

    test('counts usage once that comes again after the book rejected it', async () => {
      running.onTheWay = () => Promise.reject(failWith('LedgerBusy'))
      await running.start()
      expect(await send()).toMatchObject({ acknowledged: false })
      running.onTheWay = (store) => store()
      expect(await send()).toEqual(acknowledged)
      expect(await running.recorded('requests')).toBe(threeUnits)
    })

    test('counts usage once that comes again, whether or not its answer was lost', async () => {
      running.onTheWay = async (store) => {
        await store()
        throw failWith('LedgerFailed')
      }
      await running.start()
      expect(await send()).toMatchObject({ acknowledged: false })
      running.onTheWay = (store) => store()
      expect(await send()).toEqual(acknowledged)
      expect(await send()).toEqual(acknowledged)
      expect(await running.recorded('requests')).toBe(threeUnits)
    })

    test('counts usage once that comes again after a power cut, and what follows it too', async () => {
      await running.start()
      await send()
      await running.cutPower()
      expect(await send()).toEqual(acknowledged)
      expect(await running.recorded('requests')).toBe(threeUnits)
      if (!driver.addsUp) return
      expect(await send({ id: 'two', quantity: '4' })).toEqual(acknowledged)
      expect(await running.recorded('requests')).toBe(7_000_000n)
    })

    test.each(driver.quantities)(
      'has $micro micro-units for $sent $dimension',
      async ({ dimension, sent, micro }) => {
        await running.start()
        expect(await send({ dimension, quantity: sent })).toEqual(acknowledged)
        expect(await running.recorded(dimension)).toBe(micro)
      },
    )

    test.each(driver.unknownDimension === undefined ? [] : [driver.unknownDimension])(
      'records nothing of a dimension that the product does not have',
      async (answer) => {
        await running.start()
        expect(await send({ dimension: 'unheard' })).toEqual(answer)
        expect(await running.recorded('unheard')).toBe(0n)
        expect(await running.recorded('requests')).toBe(0n)
        const complaints = running.said.filter((line) => line.startsWith('refused'))
        expect(complaints).toEqual(answer.acknowledged ? [] : ['refused unheard'])
      },
    )

    test.each(driver.addsUp ? [canonicalTags(tags)] : [])(
      'keeps tags in their canonical form, %s',
      async (canonical) => {
        const inOrder = Object.fromEntries(tags.map(({ key, value }) => [key, value]))
        const reversed = Object.fromEntries(Object.entries(inOrder).toReversed())
        await running.start()
        expect(await send({ id: 'one', tags: inOrder })).toEqual(acknowledged)
        expect(await send({ id: 'two', tags: reversed })).toEqual(acknowledged)
        expect(await running.recorded('requests')).toBe(2n * threeUnits)
        expect(await running.tags()).toEqual([canonical])
      },
    )

    test('takes nothing once it is disposed of', async () => {
      await running.start()
      await running.arrive()
      const before = await running.recorded('requests')
      await running.stop()
      const sent = await send().catch(() => undefined)
      expect(sent?.acknowledged ?? false).toBe(false)
      expect(await running.recorded('requests')).toBe(before)
    })
  })
}
