import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPostRoute } from '../../../src/http/listener/post-json.ts'
import { problemOfError } from '../../../src/http/listener/problem-of-error.ts'
import { createServerBase } from '../../../src/http/listener/server.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { Events } from '../../../src/kernel/events.ts'
import { createSilentLog } from '../../../src/kernel/log.ts'
import type { ReportReceipt, UsageRequest } from '../../../src/metering/report.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import type { Source } from '../../../src/sources/source.ts'
import { eventually } from '../../support/eventually.ts'
import { idleSourceContext } from '../../support/sidecar/idle-source-context.ts'
import { settle } from '../../support/manual-clock.ts'

/** Usage as a test describes it, before the driver puts it into the source's own protocol. */
export interface SentUsage {
  readonly dimension: string
  readonly quantity: string
  readonly tags?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
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

/** How to speak to a source, and what its protocol makes of the book's answers. */
export interface SourceDriver {
  send(port: number, usage: SentUsage): Promise<SourceAnswer>
  /** The documented code for each failure. */
  readonly codes: Readonly<Record<BookFailure | 'unknownDimension', string>>
  /** Quantities that the protocol can express, and what the book must receive for them. */
  readonly quantities: readonly {
    readonly dimension: string
    readonly sent: string
    readonly micro: bigint
  }[]
  /** The key that the book receives for a key of the protocol. */
  bookKey(sent: string): string
}

/** The product of these tests. AWS meters its storage in thousands. */
export const product = {
  productCode: 'product',
  dimensions: [
    { name: 'requests', unit: undefined, divisor: 1n },
    { name: 'storage', unit: undefined, divisor: 1000n },
  ],
} as const

const usage: SentUsage = { dimension: 'requests', quantity: '3' }
const receipt: ReportReceipt = { result: 'accepted', hour: 0, late: false }
const notHere = () => Promise.reject(new Error('no part of this test'))

/** Declares the tests that every source passes. */
export function describeSource(source: Source, driver: SourceDriver): void {
  let app: FastifyInstance
  let started: AsyncDisposable
  let port: number
  let requests: UsageRequest[]
  let refusals: { readonly dimension: unknown; readonly code: string }[]
  let answer: () => Promise<ReportReceipt[]>
  const send = (changes: Partial<SentUsage> = {}) => driver.send(port, { ...usage, ...changes })

  beforeEach(async () => {
    requests = []
    refusals = []
    answer = () => Promise.resolve([receipt])
    const log = createSilentLog()
    const limits = { bodyLimitBytes: 65_536, maxConnections: 16, requestTimeoutMs: 10_000 }
    app = createServerBase(limits, new Events(), log)
    started = source.start({
      app,
      postJson: createPostRoute(app),
      book: {
        report(request) {
          requests.push(request)
          return answer()
        },
        countPage: notHere,
        countStreams: notHere,
      },
      ...product,
      region: 'eu-west-1',
      log,
      refused: (dimension, code) => refusals.push({ dimension, code }),
      explain: problemOfError,
      referenceOf: (dimension, hour) => `${dimension} ${hour}`,
      meterUsageCalls: 'add',
      repeated: () => {},
      aws: { forward: notHere, prove: notHere },
      ...idleSourceContext,
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    port = (app.server.address() as AddressInfo).port
  })
  afterEach(async () => {
    await app.close()
    await started[Symbol.asyncDispose]()
  })

  describe(`the source ${source.name}`, () => {
    test('acknowledges usage only when it is on disk', async () => {
      const stored = Promise.withResolvers<ReportReceipt[]>()
      answer = () => stored.promise
      let answered = false
      const sent = send().finally(() => {
        answered = true
      })
      await eventually(() => requests.length === 1)
      // A whole exchange with the same server passes meanwhile.
      await fetch(`http://127.0.0.1:${port}/nothing-here`)
      await settle(20)
      expect(answered).toBe(false)
      stored.resolve([receipt])
      expect(await sent).toEqual({ acknowledged: true, code: undefined })
    })

    test.each(bookFailures)(
      'does not acknowledge usage that the book rejects: %s',
      async (failure) => {
        answer = () =>
          Promise.reject(
            failure === 'defect'
              ? new TypeError('a defect')
              : new SidecarError(failure, 'Not now.'),
          )
        const code = driver.codes[failure]
        expect(await send()).toEqual({ acknowledged: false, code })
        expect(requests).toHaveLength(1)
        expect(refusals).toMatchObject([{ dimension: 'requests' }])
      },
    )

    test('refuses a dimension that the product does not have, and reports that', async () => {
      const code = driver.codes.unknownDimension
      expect(await send({ dimension: 'unheard' })).toEqual({ acknowledged: false, code })
      expect(refusals).toEqual([{ dimension: 'unheard', code }])
      expect(requests).toEqual([])
    })

    test.each(driver.quantities)(
      'gives the book $micro micro-units for $sent $dimension',
      async ({ dimension, sent, micro }) => {
        expect(await send({ dimension, quantity: sent })).toMatchObject({ acknowledged: true })
        expect(requests.flatMap(({ reports }) => reports)).toMatchObject([
          { dimension, quantity: micro, tags: untagged },
        ])
        expect(refusals).toEqual([])
      },
    )

    test('gives the book the tags in their canonical form', async () => {
      const tags = [
        { key: 'team', value: 'blue' },
        { key: 'account', value: '7' },
      ]
      const inOrder = Object.fromEntries(tags.map(({ key, value }) => [key, value]))
      const reversed = Object.fromEntries(Object.entries(inOrder).toReversed())
      expect(await send({ tags: inOrder })).toMatchObject({ acknowledged: true })
      expect(await send({ tags: reversed })).toMatchObject({ acknowledged: true })
      const arrived = requests.flatMap(({ reports }) => reports.map((report) => report.tags))
      expect(arrived).toEqual([canonicalTags(tags), canonicalTags(tags)])
    })

    test('gives the book the same idempotency key for the same key', async () => {
      for (const idempotencyKey of ['key-1', 'key-1', 'key-2']) await send({ idempotencyKey })
      await send()
      const keys = requests.map((request) => request.idempotencyKey)
      const [first, second] = [driver.bookKey('key-1'), driver.bookKey('key-2')]
      expect(keys).toEqual([first, first, second, undefined])
    })

    test('accepts nothing once it is disposed of', async () => {
      await app.close()
      await started[Symbol.asyncDispose]()
      const sent = await send().catch(() => undefined)
      expect(sent?.acknowledged ?? false).toBe(false)
      expect(requests).toEqual([])
    })
  })
}
