import { describe, expect, test } from 'vitest'
import { formatQuantity } from '../../../src/metering/quantity.ts'
import type { MeteringApi, MeteringResult, MeterUsageValue } from '../../../src/aws/metering-api.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { openSubmission } from '../../support/ledger/open-submission.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { settle } from '../../support/manual-clock.ts'
import { failure, lost } from '../../support/ledger/sender-bench.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const taken = failure({ kind: 'duplicate', code: 'DuplicateRequestException' })
const outOfBounds = failure({ kind: 'out-of-window', code: 'TimestampOutOfBoundsException' })
const throttled = failure({ code: 'ThrottlingException' })

async function createParts(...answers: MeteringResult<MeterUsageValue>[]) {
  const bench = await openBench()
  const sent: string[] = []
  const tokens: string[] = []
  const api: Partial<MeteringApi> = {
    meterUsage: async ({ dimension, quantity, timestamp, clientToken }) => {
      tokens.push(clientToken)
      sent.push(
        `${dimension} ${formatQuantity(quantity)} ${new Date(timestamp).toISOString().slice(11, 19)}`,
      )
      const id = `m-${sent.length}`
      return answers.shift() ?? { ok: true, value: { meteringRecordId: id } }
    },
  }
  const awsTime = { isKnown: true, doubtfulForMs: 0 }
  const submission = openSubmission(bench, api, { awsTime, sealDelayMs: 60_000 })
  /** Lets the flush go on for some seconds. */
  async function flush(includeOpenHour: boolean, seconds = 10) {
    const state = { ended: false }
    const flushed = submission.submitter.flush(includeOpenHour).then(() => (state.ended = true))
    for (let second = 0; second < seconds && !state.ended; second += 1) {
      await settle(60)
      await bench.clock.advance(1000)
    }
    await settle(60)
    const inTime = state.ended
    submission.sender.stop()
    await flushed
    return inTime
  }
  return { ...bench, ...submission, sent, tokens, flush }
}

const open = async ({ ledger }: Awaited<ReturnType<typeof createParts>>) =>
  (await ledger.usage()).open

describe('the end', () => {
  test('seals and sends again what a record gives back whose hour is taken', async () => {
    const parts = await createParts(taken)
    await parts.report('requests', 3n * unit, { occurredAt: nine - 1 })
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual(['requests 3 08:59:59', 'requests 3 09:15:00'])
    expect(await open(parts)).toEqual([])
  })

  test('seals and sends again what a record gives back that is too late', async () => {
    const parts = await createParts(outOfBounds)
    await parts.report('requests', 3n * unit, { occurredAt: nine - 5.5 * hourMs })
    await parts.clock.advance(40 * 60_000)
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual(['requests 3 03:59:59', 'requests 3 09:55:00'])
    expect(await open(parts)).toEqual([])
  })

  test('does so for one dimension while another one fails until the deadline', async () => {
    const parts = await createParts(taken, ...Array<typeof throttled>(40).fill(throttled))
    await parts.report('requests', 3n * unit, { occurredAt: nine - 1 })
    await parts.report('storage', unit)
    expect(await parts.flush(true, 5)).toBe(false)
    expect(parts.sent).toContain('requests 3 09:15:00')
  })

  test('leaves only usage whose hour this task or pod has closed', async () => {
    const parts = await createParts(taken)
    await parts.report('requests', 3n * unit)
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual(['requests 3 09:15:00'])
    expect(await open(parts)).toMatchObject([{ hour: nine + hourMs, quantity: 3n * unit }])
  })

  test('does not wait for the seal delay of an hour that is over, though the open hour stays', async () => {
    const parts = await createParts()
    await parts.report('requests', 3n * unit)
    await parts.clock.advance(45 * 60_000 + 30_000)
    await parts.report('requests', unit)
    expect(await parts.flush(false)).toBe(true)
    expect(parts.sent).toEqual(['requests 3 09:59:59'])
    expect(await open(parts)).toMatchObject([{ hour: nine + hourMs, quantity: unit }])
  })

  test('takes usage of an hour that has not begun back into this one', async () => {
    const parts = await createParts()
    await parts.clock.advance(43 * 60_000)
    await parts.report('requests', 3n * unit)
    await parts.report('requests', unit, { occurredAt: nine + hourMs + 60_000 })
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual(['requests 4 09:58:00'])
    expect(await open(parts)).toEqual([])
  })

  test('leaves an hour that has not begun to the next start where the open hour stays', async () => {
    const parts = await createParts()
    await parts.clock.advance(43 * 60_000)
    await parts.report('requests', unit, { occurredAt: nine + hourMs + 60_000 })
    expect(await parts.flush(false)).toBe(true)
    expect(await open(parts)).toMatchObject([{ hour: nine + hourMs }])
  })

  test('sends what a fast clock sealed for an hour that has not begun at AWS', async () => {
    const parts = await createParts()
    await parts.clock.advance(2 * hourMs)
    await parts.report('requests', 3n * unit)
    await sealHours(parts.ledger, parts.clock, {}, true)
    // AWS has said that it is two hours earlier.
    parts.clock.step(-2 * hourMs)
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual(['requests 3 09:15:00'])
    expect(await open(parts)).toEqual([])
    expect((await parts.ledger.usage()).settled).toMatchObject([
      { state: 'moved', lastCode: 'AheadOfAws', movedTo: nine },
      { state: 'accepted', hour: nine },
    ])
  })

  test('sends at once what a fast clock sealed for the hour that is not over at AWS', async () => {
    const parts = await createParts(lost, outOfBounds)
    await parts.report('requests', 3n * unit)
    await parts.clock.advance(hourMs)
    await sealHours(parts.ledger, parts.clock)
    // AWS has said that it is an hour earlier.
    parts.clock.step(-hourMs)
    expect(await parts.flush(true)).toBe(true)
    expect(parts.sent).toEqual([
      'requests 3 09:59:59',
      'requests 3 09:59:59',
      expect.stringMatching(/^requests 3 09:15:0\d$/),
    ])
    expect(new Set(parts.tokens).size).toBe(2)
    expect((await parts.ledger.usage()).settled).toMatchObject([{ state: 'accepted', hour: nine }])
  })

  const busy = () => Promise.reject(new SidecarError('LedgerBusy', 'another process holds it'))
  async function* busySeal() {
    yield await busy()
  }

  test.each(['seal', 'markAll', 'settleAll', 'pendingRecords'] as const)(
    'tries %s again for as long as another process keeps the book',
    async (change) => {
      const parts = await createParts()
      await parts.report('requests', 3n * unit)
      const { ledger, clock } = parts
      const real = ledger[change].bind(ledger) as () => unknown
      const busyUntil = clock.now() + 3000
      const work = (...args: []) => {
        if (clock.now() >= busyUntil) return real(...args)
        return change === 'seal' ? busySeal() : busy()
      }
      Object.assign(ledger, { [change]: work })
      expect(await parts.flush(true)).toBe(true)
      expect(parts.sent).toEqual([expect.stringMatching(/^requests 3 09:15:0[0-3]$/)])
      expect((await ledger.usage()).settled).toMatchObject([{ state: 'accepted' }])
    },
  )
})
