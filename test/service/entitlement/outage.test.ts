import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import type { Log } from '../../../src/kernel/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createRecordedLog, type RecordedLine } from '../../support/recorded-log.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'
import type { Harness } from '../emulator/harness.ts'

const hour = 3_600_000
const outage = { operation: '*', times: 1000, error: 'ServiceUnavailableException' }
const hourly = { SIDECAR_ROUTE: 'hourly' }

let harness: SidecarHarness
let lines: RecordedLine[]

beforeEach(() => {
  lines = []
})
afterEach(() => harness.close())

const start = async (options: SidecarOptions = {}) => {
  const recorded = createRecordedLog()
  lines = recorded.lines
  harness = await startHarness({ log: recorded.log, ...options })
  return harness
}

/** The same task again: the same ledger, the same AWS. */
async function restart(settings: SidecarOptions['settings'], prepare?: SidecarOptions['prepare']) {
  await harness.sidecar.stop()
  const { aws, dataDir } = harness
  return start({ aws, dataDir, settings: { ...hourly, ...settings }, ...(prepare && { prepare }) })
}

const state = () => harness.sidecar.entitlement.snapshot().state
/** Waits for it. */
async function expectState(name: string): Promise<void> {
  await eventually(() => state() === name, { what: name })
  expect(state()).toBe(name)
}

const isDown = (aws: Harness) => aws.control('faults', outage)
const transitionsLogged = () =>
  lines
    .filter(({ event }) =>
      /^entitlement\.(starting|entitled|denied|denied-by-iam|unreachable|grace)$/.test(event),
    )
    .map(({ level, event }) => `${level} ${event}`)

describe('an AWS that throttles, hangs, resets and fails for two hours', () => {
  test('is tolerated, ends entitled, and needs one registration', { timeout: 60_000 }, async () => {
    const timers = new ManualClock()
    const breakAws = async (aws: Harness) => {
      for (let round = 0; round < 40; round += 1) {
        await aws.control('faults', { error: 'ThrottlingException' })
        await aws.control('faults', { delayMs: 100 * hour })
        await aws.control('faults', { drop: 'before' })
        await aws.control('faults', { error: 'InternalServiceErrorException' })
        await aws.control('faults', { drop: 'after' })
      }
    }
    const recorded = createRecordedLog()
    const pauses: number[] = []
    const log: Log = (...line) => {
      recorded.log(...line)
      const { delayMs } = { delayMs: undefined, ...line[2] }
      if (typeof delayMs === 'number') pauses.push(delayMs)
    }
    await start({
      timers,
      log,
      prepare: breakAws,
      random: () => 0.5,
      settings: { ...hourly, SIDECAR_FAIL_MODE: 'open', SIDECAR_AWS_TIMEOUT_MS: '100' },
    })
    lines = recorded.lines
    const beganAt = harness.clock.now()
    const statuses = new Set<string>()
    // Each attempt ends with a pause before the next one, by which both clocks are moved.
    let tried = 0
    const untilTried = () => eventually(() => pauses.length > tried)
    while (harness.clock.now() < beganAt + 2 * hour) {
      await untilTried()
      const { status, headers, body } = await harness.get('/v1/entitlement')
      const pause = pauses[tried] ?? 0
      tried += 1
      const due = status === 503 ? `${Math.max(1, Math.ceil(pause / 1000))}` : null
      expect(headers.get('retry-after')).toBe(due)
      statuses.add(`${status} ${String(body['state'])}`)
      await harness.clock.advance(pause)
      await timers.advance(pause)
    }
    await untilTried()
    expect(statuses).toEqual(new Set(['200 grace']))
    expect((await harness.get('/v1/entitlement')).body).toMatchObject({
      state: 'unreachable',
      entitled: false,
    })
    expect((await harness.ops('/readyz')).status).toBe(503)
    expect((await harness.ops('/livez')).status).toBe(200)

    const outcomes = (await harness.calls()).map(({ outcome }) => outcome)
    expect(outcomes.length).toBeGreaterThan(40)
    expect(new Set(outcomes)).toEqual(
      new Set([
        'ThrottlingException',
        'InternalServiceErrorException',
        'dropped-before',
        'dropped-after',
      ]),
    )

    await harness.aws.control('reset', {})
    const others = timers.waiting
    const waiting = harness.get('/v1/entitlement?wait=300')
    await eventually(() => timers.waiting === others + 1)
    await timers.advance(pauses[tried] ?? 0)
    const { status, body } = await waiting
    expect(status).toBe(200)
    expect(body['transitions']).toMatchObject([
      { from: 'starting', to: 'grace' },
      { from: 'grace', to: 'unreachable' },
      { from: 'unreachable', to: 'entitled' },
    ])
    expect(transitionsLogged()).toEqual([
      'warn entitlement.grace',
      'warn entitlement.unreachable',
      'info entitlement.entitled',
    ])
    const registrations = (await harness.calls()).map(({ operation, outcome }) => [
      operation,
      outcome,
    ])
    expect(registrations).toEqual([['RegisterUsage', 'ok']])
    const metrics = (await harness.ops('/metrics')).text
    expect(metrics).toContain(
      'marketplace_aws_request_duration_seconds_count{operation="RegisterUsage",outcome="ok"} 1\n',
    )
    expect(metrics).toContain(
      'marketplace_entitlement_transitions_total{from="grace",to="unreachable"} 1\n',
    )
    await timers.advance(24 * hour)
    expect(await harness.calls()).toHaveLength(1)
  })
})

describe('a restart while AWS is unreachable', () => {
  test('of a task that was entitled has the rest of the grace time', async () => {
    await start({ settings: hourly })
    await harness.entitled()
    await harness.clock.advance(hour / 4)
    await restart({}, isDown)
    await expectState('grace')
    const { status, body } = await harness.get('/v1/entitlement')
    expect(status).toBe(200)
    expect(body).toMatchObject({ entitled: true, code: 'ServiceUnavailableException' })
    expect(body['message']).toContain('Until 2026-03-10T11:30:00.000Z the product may run anyway')
    expect((await harness.ops('/readyz')).status).toBe(200)
    expect((await harness.get('/v1/entitlement?wait=300')).status).toBe(200)

    await harness.clock.advance(2 * hour)
    await expectState('unreachable')
    expect((await harness.get('/v1/entitlement')).status).toBe(503)
    await harness.aws.control('reset', {})
    await expectState('entitled')
  })

  test('after the grace time has none', async () => {
    await start({ settings: { ...hourly, SIDECAR_GRACE_SECONDS: '60' } })
    await harness.entitled()
    await harness.sidecar.stop()
    await harness.clock.advance(60_000)
    await restart({ SIDECAR_GRACE_SECONDS: '60' }, isDown)
    await expectState('unreachable')
  })

  test('has the whole grace time however long the task was entitled', async () => {
    await start({ settings: hourly })
    await harness.entitled()
    await harness.clock.advance(50 * hour)
    await restart({}, isDown)
    await expectState('grace')
  })

  test.each([
    ['another route', { SIDECAR_ROUTE: 'both' }],
    ['another product', { SIDECAR_PRODUCT_CODE: 'another-product' }],
  ])('with %s has none', async (_name, settings) => {
    await start({ settings: hourly })
    await harness.entitled()
    await restart(settings, isDown)
    await expectState('unreachable')
  })

  test('of a task that was denied has none, even with the fail mode open', async () => {
    const open = { SIDECAR_FAIL_MODE: 'open', SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000' }
    await start({ settings: open })
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 3 })
    await harness.aws.control('settings', { entitled: false })
    await harness.endHour()
    await harness.until(() => state() === 'denied')
    await restart({ ...open, SIDECAR_ROUTE: 'both' }, isDown)
    await expectState('unreachable')
  })
})

describe('a start while AWS is unreachable', () => {
  test('is refused with the fail mode closed', async () => {
    await start({ prepare: isDown, settings: hourly })
    await expectState('unreachable')
    expect((await harness.get('/v1/entitlement')).status).toBe(503)
  })

  test('is not tolerated with the fail mode open when the role is what fails', async () => {
    await start({
      prepare: (aws) => aws.control('faults', { ...outage, error: 'AccessDeniedException' }),
      settings: { ...hourly, SIDECAR_FAIL_MODE: 'open' },
    })
    await expectState('denied-by-iam')
  })
})

describe('the log', () => {
  test('names the node role at the start, and again when AWS refuses it', async () => {
    await start({
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', AWS_EC2_METADATA_DISABLED: 'false' },
      prepare: (aws) => aws.control('faults', { ...outage, error: 'AccessDeniedException' }),
      settings: { ...hourly, SIDECAR_POD_UID: 'a-pod' },
    })
    await expectState('denied-by-iam')
    const words = 'the role of the node would be used'
    const warned = lines.filter(({ message }) => message.includes(words))
    expect(warned.map(({ level, event }) => `${level} ${event}`)).toEqual([
      'warn platform.credentials',
      'error entitlement.denied-by-iam',
    ])
    const { body } = await harness.get('/v1/entitlement')
    expect(body['message']).toMatch(/the role of the node .* Allow aws-marketplace:RegisterUsage/)
  })
})

describe('a public key that AWS replaces', () => {
  test('is shown in the answer and in the metrics', async () => {
    const publicKeyRotationAt = '2026-04-01T00:00:00Z'
    await start({
      settings: hourly,
      prepare: (aws) => aws.control('settings', { publicKeyRotationAt }),
    })
    await harness.entitled()
    const { status, body } = await harness.get('/v1/entitlement')
    expect(status).toBe(200)
    expect(body['publicKeyRotationAt']).toBe('2026-04-01T00:00:00.000Z')
    expect((await harness.ops('/metrics')).text).toContain(
      `marketplace_public_key_rotation_timestamp_seconds ${Date.parse(publicKeyRotationAt) / 1000}\n`,
    )
    expect(lines.map(({ event }) => event)).toContain('entitlement.key-rotation')
  })

  test('is replaced by an older one while AWS does not know it, also for proofs', async () => {
    const { aws } = await start({ settings: hourly })
    const product = JSON.stringify({
      productCode: '1a2b3cdemo4d5e6f7g8h9i0jk',
      publicKeys: { 1: aws.emulator.publicKeyPem(), 2: aws.emulator.publicKeyPem() },
      route: 'hourly',
    })
    await harness.sidecar.stop()
    await start({
      aws,
      dataDir: harness.dataDir,
      files: { '/product.json': product },
      settings: {
        SIDECAR_PRODUCT_FILE: '/product.json',
        SIDECAR_PRODUCT_CODE: undefined,
        SIDECAR_ROUTE: undefined,
        SIDECAR_PUBLIC_KEY_FILE: undefined,
        SIDECAR_DIMENSIONS: undefined,
      },
    })
    await harness.entitled()
    const { status, body } = await harness.get('/v1/entitlement/proof?nonce=0123456789abcdef')
    expect(status).toBe(200)
    expect(body['publicKeyVersion']).toBe(1)
  })
})
