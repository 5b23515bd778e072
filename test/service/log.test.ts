import { afterEach, describe, expect, test } from 'vitest'
import { logEventTable, type LogEvent } from '../../src/kernel/log.ts'
import { createSystemClock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/observe/log/create-log.ts'
import { callFront, usageInput } from '../support/aws/front-call.ts'
import {
  accessKeyId,
  startHarness,
  type SidecarHarness,
} from '../support/sidecar/sidecar-harness.ts'

const apiToken = '0123456789abcdef0123456789abcdef'
const authorization = { authorization: `Bearer ${apiToken}` }

let harness: SidecarHarness
let text: string
afterEach(() => harness.close())

/** With every line of every level, as it is written. */
async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  text = ''
  const log = createLog(
    { logLevel: 'debug' },
    { write: (line: string) => void (text += line) },
    createSystemClock(),
  )
  harness = await startHarness({ log, settings, files: { '/token': `${apiToken}\n` } })
  await harness.entitled()
}

type Line = { readonly level: string; readonly event: LogEvent; readonly [name: string]: unknown }
const lines = (): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
const linesOf = (event: LogEvent) => lines().filter((line) => line.event === event)

test('a day without usage has no line above debug', async () => {
  await start()
  const before = lines().length
  for (let hour = 0; hour < 24; hour += 1) await harness.endHour()
  expect(lines().length).toBe(before)
})

test('an hour with usage has two lines for each record', async () => {
  await start()
  await harness.post({ dimension: 'requests', quantity: 3 })
  await harness.endHour()
  await harness.attempts(1)
  await harness.until(() => linesOf('record.accepted').length === 1)
  const shown = lines().filter(({ level }) => level !== 'debug')
  expect(shown.map(({ event }) => event).slice(-2)).toEqual(['record.sealed', 'record.accepted'])
  expect(linesOf('record.accepted')).toMatchObject([{ dimension: 'requests', quantity: 3 }])
})

test('every line is an event of the table with its level and with no other field', async () => {
  await start()
  await harness.post({ dimension: 'requests', quantity: 3 })
  await harness.post({ dimension: 'requests', quantity: -1 })
  await harness.aws.control('faults', {
    operation: 'MeterUsage',
    times: 1,
    error: 'ThrottlingException',
  })
  await harness.endHour()
  await harness.attempts(1)
  await harness.sidecar.stop()
  const events = new Set(lines().map(({ event }) => event))
  for (const event of ['sidecar.started', 'usage.refused', 'record.failed', 'sidecar.stopped'])
    expect(events).toContain(event)
  for (const { level, time, event, msg, ...fields } of lines()) {
    expect(level).toBe(logEventTable[event].level)
    expect(time).toMatch(/^\d{4}-.*Z$/)
    expect(msg, event).toMatch(/\w/)
    const allowed: readonly string[] = logEventTable[event].fields
    expect(Object.keys(fields).filter((name) => !allowed.includes(name))).toEqual([])
  }
})

test('no line holds a credential, a token, or what the application sent', async () => {
  await start({ SIDECAR_API_TOKEN_FILE: '/token' })
  const nonce = 'a-nonce-of-the-application'
  const proof = await harness.get(`/v1/entitlement/proof?nonce=${nonce}`, authorization)
  const { token } = proof.body as { readonly token: string }
  expect(token.length).toBeGreaterThan(300)
  const report = { dimension: 'requests', quantity: 3, tags: { team: 'the-secret-team' } }
  await harness.post({ ...report, idempotencyKey: 'the-key-7' }, authorization)
  await harness.post({ ...report, quantity: 'the-quantity' }, authorization)
  await harness.post({ dimension: 'the-dimension', quantity: 3 }, authorization)
  await harness.post(report, { authorization: 'Bearer the-wrong-token-0123456789' })
  await harness.endHour()
  await harness.attempts(1)
  await harness.sidecar.stop()
  const secrets = [
    apiToken,
    token,
    token.split('.')[2] ?? '',
    nonce,
    accessKeyId,
    'the-wrong-token',
    'the-secret-team',
    'the-key-7',
    'the-quantity',
    'the-dimension',
    'BEGIN PUBLIC KEY',
  ]
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  expect(linesOf('usage.refused').map(({ code }) => code)).toEqual([
    'QuantityNotANumber',
    'UnknownDimension',
    'Unauthorized',
  ])
})

describe('the id of a request', () => {
  const refused = { dimension: 'requests', quantity: -1 }

  test('is the one that the application gave, in the answer and in the line', async () => {
    await start()
    const answer = await harness.post(refused, { 'x-request-id': 'job-7/3' })
    expect(answer.headers.get('x-request-id')).toBe('job-7/3')
    expect(linesOf('usage.refused')).toMatchObject([{ requestId: 'job-7/3', times: 1 }])
  })

  test.each(['', 'a b', 'x'.repeat(129)])(
    'is a random one instead of %j, and the same in the line',
    async (given) => {
      await start()
      const answer = await harness.post(refused, { 'x-request-id': given })
      const id = answer.headers.get('x-request-id')
      expect(id).toMatch(/^[0-9a-f-]{36}$/)
      expect(linesOf('usage.refused')).toMatchObject([{ requestId: id }])
    },
  )

  test('at the AWS front is the one that SDKs show, and refused usage is counted', async () => {
    await start()
    const negative = usageInput({ UsageQuantity: -1 })
    const answer = await callFront(harness.sidecar.appPort, 'MeterUsage', negative)
    expect(linesOf('usage.refused')).toMatchObject([
      { requestId: answer.requestId, dimension: 'requests', code: answer.body['__type'] },
    ])
    const tooOld = usageInput({ Timestamp: 1 })
    await callFront(harness.sidecar.appPort, 'MeterUsage', tooOld)
    const dryRun = { ...usageInput({ UsageQuantity: -1 }), DryRun: true }
    await callFront(harness.sidecar.appPort, 'MeterUsage', dryRun)
    const { text: metrics } = await harness.ops('/metrics')
    expect(metrics).toContain(
      'marketplace_usage_reports_total{dimension="requests",result="refused"} 2',
    )
  })

  test('of AWS comes with a failure', async () => {
    await start()
    await harness.post({ dimension: 'requests', quantity: 3 })
    const fault = { operation: 'MeterUsage', times: 1, error: 'InvalidTagException' }
    await harness.aws.control('faults', fault)
    await harness.endHour()
    await harness.attempts(1)
    await harness.until(() => linesOf('record.failed').length === 1)
    expect(linesOf('record.failed')).toMatchObject([
      { code: 'InvalidTagException', awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ])
  })
})
