import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'

afterEach(() => void vi.restoreAllMocks())

const report = { dimension: 'requests', quantity: 3, idempotencyKey: 'k' }

/** A sidecar whose ledger does not open before `open` is called, five seconds after its start. */
async function startSlowly(more: SidecarOptions = {}) {
  const { promise, resolve: open, reject } = Promise.withResolvers<void>()
  const original = Ledger.open.bind(Ledger)
  const opening = vi.spyOn(Ledger, 'open').mockImplementationOnce(async (options) => {
    await promise.catch(async (error: unknown) => {
      await options.store.close()
      throw error
    })
    return original(options)
  })
  const { log, lines } = createRecordedLog()
  const timers = new ManualClock()
  const written: string[] = []
  const settings = { SIDECAR_EMBEDDED_METRICS: 'true' }
  const starting = startHarness({
    timers,
    log,
    settings,
    out: (line) => written.push(line),
    ...more,
  })
  await eventually(() => opening.mock.calls.length > 0)
  await timers.advance(4999)
  expect(lines.map(({ event }) => event)).not.toContain('ledger.opening')
  await timers.advance(1)
  const sidecar = await starting
  onTestFinished(() => sidecar.close())
  return { sidecar, lines, written, open, reject, timers }
}

test('a ledger that takes long to open does not keep the entitlement from being answered', async () => {
  const { sidecar, lines, open } = await startSlowly()
  await sidecar.until(async () => (await sidecar.get('/v1/entitlement')).status === 200)
  expect(await sidecar.ops('/livez')).toMatchObject({ status: 200 })
  const refused = await sidecar.post(report)
  expect(refused).toMatchObject({ status: 503, body: { code: 'LedgerOpening' } })
  expect(refused.headers.get('retry-after')).toBe('2')
  const page = (await sidecar.ops('/metrics')).text
  expect(page).toContain('marketplace_ledger_readable 0\n')
  expect(page).toContain('marketplace_entitlement_state{state="entitled"} 1\n')
  expect(page).toMatch(/^marketplace_info\{.*platform="local".*\} 1$/m)
  // 0 would be a deadline that is over.
  expect(page).not.toContain('marketplace_held_deadline_seconds ')
  open()
  await sidecar.until(async () => (await sidecar.post(report)).status === 200)
  const whole = (await sidecar.ops('/metrics')).text
  expect(whole).toContain('marketplace_ledger_readable 1\n')
  expect(whole.match(/^marketplace_info\{/gm)).toHaveLength(1)
  const events = lines.map(({ event }) => event)
  expect(events).toEqual(expect.arrayContaining(['ledger.opening', 'ledger.back']))
  expect(events).not.toContain('ledger.away')
})

test('a sidecar that waits for its ledger says so to CloudWatch, and nothing that it does not know', async () => {
  const { sidecar, written, open } = await startSlowly()
  await sidecar.until(async () => (await sidecar.get('/v1/entitlement')).status === 200)
  await sidecar.clock.advance(60_000)
  await eventually(() => written.length === 1)
  expect(JSON.parse(written[0] ?? '')).toMatchObject({ LedgerReadable: 0, Entitled: 1 })
  expect(JSON.parse(written[0] ?? '')).not.toHaveProperty('OldestUnsentSeconds')
  open()
  await sidecar.until(async () => (await sidecar.post(report)).status === 200)
  await sidecar.clock.advance(60_000)
  await eventually(() => written.length === 2)
  expect(JSON.parse(written[1] ?? '')).toMatchObject({ LedgerReadable: 1, Entitled: 1 })
})

describe('while AWS is away', () => {
  const outage = { operation: '*', times: 1000, error: 'ServiceUnavailableException' }

  /** The same task once more, whose ledger opens slowly, with AWS away. */
  async function startAgain(noted: (first: SidecarHarness) => Promise<unknown>) {
    const first = await startHarness()
    await noted(first)
    await first.sidecar.stop()
    const { aws, dataDir } = first
    const prepare = () => aws.control('faults', outage)
    const again = await startSlowly({ aws, dataDir, prepare })
    const state = () => again.sidecar.sidecar.entitlement.snapshot().state
    await again.sidecar.until(() => state() === 'unreachable')
    again.open()
    return { ...again, state }
  }

  test('the buyer has the grace time that the ledger knows of, once it is open', async () => {
    const { sidecar, state } = await startAgain((first) => first.entitled())
    await sidecar.until(() => state() === 'grace')
    expect(await sidecar.get('/v1/entitlement')).toMatchObject({ status: 200 })
  })

  test('what the ledger knows is not forgotten', async () => {
    const { sidecar, state } = await startAgain((first) => first.entitled())
    await sidecar.until(() => state() === 'grace')
    const { aws, dataDir } = sidecar
    await sidecar.sidecar.stop()
    const third = await startHarness({ aws, dataDir })
    await third.until(() => third.sidecar.entitlement.snapshot().state !== 'starting')
    expect(third.sidecar.entitlement.snapshot()).toMatchObject({ state: 'grace' })
    await third.sidecar.stop()
  })
})

test('a ledger that turns out unusable ends the sidecar all the same', async () => {
  const { sidecar, lines, reject } = await startSlowly()
  reject(new SidecarError('LedgerTooNew', 'It is of another version.'))
  expect(await sidecar.sidecar.failed).toMatchObject({ code: 'LedgerTooNew' })
  expect(lines.at(-1)).toMatchObject({ event: 'sidecar.start-failed' })
})

test('a ledger that could not be opened is tried again', async () => {
  const { sidecar, lines, reject, timers } = await startSlowly()
  reject(new SidecarError('LedgerFull', 'There is no room.'))
  await sidecar.until(async () => (await sidecar.post(report)).status === 507)
  await timers.advance(10_000)
  await sidecar.until(async () => (await sidecar.post(report)).status === 200)
  expect(lines.filter(({ event }) => event === 'ledger.away')).toHaveLength(1)
})

test('a sidecar that never opened its ledger does not say that nothing is left in it', async () => {
  const { sidecar, lines, reject } = await startSlowly()
  reject(new SidecarError('LedgerFull', 'There is no room.'))
  await eventually(() => lines.some(({ event }) => event === 'ledger.away'))
  await sidecar.sidecar.stop()
  const { event, message, fields } = lines.at(-1) ?? {}
  expect([event, fields]).toEqual(['sidecar.stopped-unopened', {}])
  expect(message).toMatch(/because .*volume full.*Keep the volume/)
})

test('a sidecar that is told to end while its ledger opens ends once it is open', async () => {
  const { sidecar, lines, open } = await startSlowly()
  const stopped = sidecar.sidecar.stop()
  open()
  await stopped
  expect(lines.at(-1)).toMatchObject({ event: 'sidecar.stopped' })
})
