import { expect, test } from 'vitest'
import { formatQuantity } from '../../../src/metering/quantity.ts'
import type { MeteringApi, MeteringResult, MeterUsageValue } from '../../../src/aws/metering-api.ts'
import { spreadDelayMs } from '../../../src/channels/spread.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, reportOf, unit } from '../../support/ledger/ledger-bench.ts'
import { openSubmission } from '../../support/ledger/open-submission.ts'
import { refusal } from '../../support/refusal.ts'

const nine = Date.parse('2026-03-10T09:00:00Z')
const sealDelayMs = 60_000
const taken: MeteringResult<MeterUsageValue> = {
  ok: false,
  failure: {
    code: 'DuplicateRequestException',
    message: '',
    kind: 'duplicate',
    ambiguous: false,
    advice: '',
  },
}

async function createParts(...answers: MeteringResult<MeterUsageValue>[]) {
  return createSpreadParts(0, answers)
}

async function createSpreadParts(
  submitSpreadMs: number,
  answers: MeteringResult<MeterUsageValue>[] = [],
) {
  const bench = await openBench()
  const sent: string[] = []
  const api: Partial<MeteringApi> = {
    meterUsage: async ({ quantity, timestamp }) => {
      sent.push(`${formatQuantity(quantity)} ${new Date(timestamp).toISOString().slice(11, 19)}`)
      const meteringRecordId = `m-${sent.length}`
      return answers.shift() ?? { ok: true, value: { meteringRecordId } }
    },
  }
  return { ...openSubmission(bench, api, { sealDelayMs, submitSpreadMs }), sent }
}

test('usage that is reported for an hour that is over is sent after the seal delay', async () => {
  const { book, sent, pass, nextSendAt, clock } = await createParts()
  const late = reportOf('requests', unit, { occurredAt: nine - 1 })
  const now = reportOf('requests', unit)
  await book.report({ reports: [now, late], idempotencyKey: undefined })
  expect(nextSendAt(nine - hourMs)).toBe(clock.now() + sealDelayMs)
  await pass(sealDelayMs)
  expect(sent).toEqual(['1 08:59:59'])
})

test('what was sealed is sent at the time of this task or pod within the spread', async () => {
  const longestMs = 10 * hourMs
  const { book, sent, pass, clock, ledger } = await createSpreadParts(longestMs)
  const late = reportOf('requests', unit, { occurredAt: nine - 1 })
  await book.report({ reports: [late], idempotencyKey: undefined })
  const spreadMs = spreadDelayMs(ledger.owner.identity, longestMs)
  const leftMs = nine + sealDelayMs + spreadMs - clock.now()
  expect(leftMs).toBeGreaterThan(sealDelayMs)
  await pass(leftMs - 1)
  expect(sent).toEqual([])
  await pass(1)
  expect(sent).toEqual(['1 08:59:59'])
})

test('usage that goes back to an hour that is over is sent after the seal delay', async () => {
  const { book, sent, pass } = await createParts(taken)
  const late = reportOf('requests', unit, { occurredAt: nine - 3 * hourMs })
  await book.report({ reports: [late], idempotencyKey: undefined })
  await pass(sealDelayMs)
  await pass(sealDelayMs)
  expect(sent).toEqual(['1 06:59:59', '1 07:59:59'])
})

test('a report that is refused wakes nothing', async () => {
  const { book, pass, clock } = await createParts()
  const tooOld = reportOf('requests', unit, { occurredAt: nine - 8 * hourMs })
  const refused = book.report({ reports: [tooOld], idempotencyKey: undefined })
  await expect(refused).rejects.toMatchObject(refusal('OccurredAtTooOld'))
  await pass(0)
  expect(clock.waiting).toBe(0)
})
