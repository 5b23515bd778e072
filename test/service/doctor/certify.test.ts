import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { planCertify, planWords } from '../../../src/cli/certify/certify-plan.ts'
import type { Machine } from '../../../src/doctor/machine.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { startEmulator } from '../emulator/harness.ts'
import { demoSettings, testMachine, publicKeyPath } from '../../support/doctor/test-machine.ts'
import { doctorJson, runDoctor } from '../../support/doctor/doctor-command.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import {
  accessKeyId,
  startHarness,
  type SidecarHarness,
} from '../../support/sidecar/sidecar-harness.ts'

describe('the plan', () => {
  const dimension = (name: string, divisor = 1n) => ({ name, unit: undefined, divisor })
  const product = {
    productCode: 'code-1',
    route: 'metered' as const,
    publicKeys: new Map<number, string>(),
    dimensions: [dimension('requests'), dimension('storage', 1024n)],
  }

  test("counts in AWS's units and reports in the application's", () => {
    const { reports: plan } = planCertify(product, 3)
    expect(plan).toMatchObject([
      { dimension: 'requests', units: 3, quantity: '3' },
      { dimension: 'storage', units: 3, quantity: '3072' },
    ])
    expect(planWords(plan)).toBe("3 of requests, 3 of storage (3072 of the application's units)")
  })

  test('has the same keys for the same plan, and others for any other', () => {
    const keys = (units: number, productCode = 'code-1') =>
      planCertify({ ...product, productCode }, units).reports.map(
        ({ idempotencyKey }) => idempotencyKey,
      )
    expect(keys(1)).toEqual(keys(1))
    expect(new Set([...keys(1), ...keys(2), ...keys(1, 'code-2')]).size).toBe(6)
    for (const key of keys(1)) expect(key).toMatch(/^[!-~]{1,255}$/)
  })

  test('is empty on the routes hourly and saas, and refuses what no report can hold', () => {
    const nothing = { reports: [], leftToApplication: [] }
    expect(planCertify({ ...product, route: 'hourly' }, 1)).toEqual(nothing)
    expect(planCertify({ ...product, route: 'saas' }, 1)).toEqual(nothing)
    const huge = { ...product, dimensions: [dimension('bytes', 10n ** 15n)] }
    expect(planCertify(huge, 1).reports).toHaveLength(1)
    expect(() => planCertify(huge, 2)).toThrow(/a report may have at most/)
  })

  test('refuses what would be held', () => {
    const guarded = { ...dimension('requests'), maxPerHour: 2_000_000n }
    expect(planCertify({ ...product, dimensions: [guarded] }, 2).reports).toHaveLength(1)
    expect(() => planCertify({ ...product, dimensions: [guarded] }, 3)).toThrow(
      /^3 of requests are 3 of the application's units, and more than its maxPerHour \(2\) is held\. Give a smaller --quantity\.$/,
    )
  })

  test('leaves to the application what no report can give a record', () => {
    const noSource = { prometheus: undefined, otlp: undefined, heartbeat: undefined }
    const metric = { match: undefined, tags: undefined, firstValue: 'count' } as const
    const dimensions = [
      { ...dimension('scraped'), from: { ...noSource, otlp: { ...metric, metric: 'm' } } },
      {
        ...dimension('beating'),
        aggregate: 'max',
        from: { ...noSource, heartbeat: { value: 1n } },
      },
      { ...dimension('newest'), aggregate: 'last' },
      { ...dimension('standing'), aggregate: 'integral' },
      { ...dimension('users', 41n), aggregate: 'unique' },
      { ...dimension('few', 40n), aggregate: 'unique' },
      { ...dimension('most'), aggregate: 'max' },
    ] as const
    const { reports, leftToApplication } = planCertify({ ...product, dimensions }, 1)
    expect(reports.map(({ dimension: name, asMembers }) => [name, asMembers])).toEqual([
      ['few', true],
      ['most', false],
    ])
    expect(leftToApplication.map((sentence) => sentence.split(',')[0])).toEqual([
      'scraped counts what its source gives',
      'beating counts by itself while the task or pod runs',
      'newest has the last value that the application reports',
      'standing has the values of the application times their hours',
      'users counts distinct members',
    ])
  })
})

describe('doctor --certify', () => {
  let harness: SidecarHarness
  let machine: Machine
  /** The doctor's: it moves only while the doctor pauses, so that nothing times out. */
  let ownClock: ManualClock

  /** The machine of the sidecar, with the same settings. */
  function machineWith(more: Readonly<Record<string, string>> = {}): Machine {
    const { aws, sidecar, dataDir } = harness
    return testMachine({
      env: demoSettings({
        SIDECAR_AWS_ENDPOINT: aws.url,
        SIDECAR_DATA_DIR: dataDir,
        SIDECAR_LISTEN: `127.0.0.1:${sidecar.appPort}`,
        SIDECAR_OPS_LISTEN: `127.0.0.1:${sidecar.opsPort}`,
        SIDECAR_SUBMIT_SPREAD_SECONDS: '0',
        ...more,
      }),
      reader: {
        readText: (path) => (path === publicKeyPath ? aws.emulator.publicKeyPem() : undefined),
      },
      clock: ownClock,
      credentials: { accessKeyId, secretAccessKey: 'secret' },
    })
  }

  beforeEach(async () => {
    const products = [demoProduct, { ...demoProduct, productCode: 'another' }]
    harness = await startHarness({ aws: await startEmulator({ products }) })
    await harness.entitled()
    ownClock = new ManualClock(harness.clock.now())
    machine = machineWith()
  })
  afterEach(() => harness.close())

  const usage = async () => (await harness.get('/v1/usage')).body
  const open = (quantity: number) =>
    demoProduct.dimensions.map((dimension) => expect.objectContaining({ dimension, quantity }))

  test('sends nothing without --yes, and states what it would bill', async () => {
    const { code, out } = await runDoctor(machine, '--certify')
    expect(code).toBe(2)
    expect(out.join(' ')).toContain(
      'Nothing was sent. With --yes this bills the buyer 1 of requests, 1 of storage',
    )
    expect(await usage()).toMatchObject({ open: [] })
  })

  test('reports every dimension through the sidecar, and a second run bills nothing more', async () => {
    const first = await doctorJson(machine, '--certify', '--yes', '--quantity', '2')
    expect(first.code).toBe(1)
    expect(first.certify).toMatchObject({
      status: 'pass',
      message: expect.stringContaining(
        'It reaches AWS between 2026-03-10T10:01:00.000Z and 2026-03-10T10:01:00.000Z, or when the sidecar stops.',
      ),
      dimensions: demoProduct.dimensions.map((dimension) => ({
        dimension,
        units: 2,
        quantity: '2',
        hour: '2026-03-10T09:00:00.000Z',
        duplicate: false,
        state: null,
        meteringRecordId: null,
      })),
    })
    expect((await usage())['open']).toEqual(open(2))

    const second = await doctorJson(machine, '--certify', '--yes', '--quantity', '2')
    expect(second.certify).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('was already reported'),
      dimensions: [{ duplicate: true }, { duplicate: true }],
    })
    expect((await usage())['open']).toEqual(open(2))
    expect((await harness.calls()).filter(({ input }) => !isDryRunOrRegister(input))).toEqual([])
  })

  test('with --wait ends when AWS has accepted each', async () => {
    const waiting = doctorJson(machine, '--certify', '--yes', '--wait')
    await harness.until(async () => ((await usage())['open'] as unknown[]).length === 2)
    await harness.endHour()
    const { certify } = await passTime(waiting)
    expect(certify).toMatchObject({
      status: 'pass',
      message: 'AWS has accepted a record of every dimension that was reported.',
    })
    const records = await harness.records()
    expect(records.map(({ dimension, quantity }) => [dimension, quantity])).toEqual([
      ['requests', 1],
      ['storage', 1],
    ])
    expect(certify?.['dimensions']).toMatchObject(
      records.map(({ dimension }) => ({ dimension, state: 'accepted' })),
    )
  })

  test('with --wait fails when AWS refuses one', async () => {
    const waiting = doctorJson(machine, '--certify', '--yes', '--wait')
    await harness.until(async () => ((await usage())['open'] as unknown[]).length === 2)
    await harness.aws.control('faults', {
      operation: 'MeterUsage',
      error: 'InvalidUsageDimensionException',
      times: 100,
    })
    await harness.endHour()
    const { code, certify } = await passTime(waiting)
    expect(code).toBe(2)
    expect(certify?.['message']).toContain('requests: refused (InvalidUsageDimensionException)')
  })

  test('sends nothing when a check has failed', async () => {
    const { code, certify } = await doctorJson(
      machineWith({ SIDECAR_LOG_LEVEL: 'loud' }),
      '--certify',
      '--yes',
    )
    expect(code).toBe(2)
    expect(certify?.['message']).toMatch(/^Nothing was sent\. Fix what failed/)
    expect(await usage()).toMatchObject({ open: [] })
  })

  test('sends nothing without a running sidecar', async () => {
    const { certify } = await doctorJson(
      machineWith({ SIDECAR_LISTEN: '127.0.0.1:0' }),
      '--certify',
      '--yes',
    )
    expect(certify?.['message']).toMatch(/^Nothing was sent: no sidecar runs/)
  })

  test('sends nothing to a sidecar of another product', async () => {
    const other = machineWith({ SIDECAR_PRODUCT_CODE: 'another', SIDECAR_ROUTE: 'metered' })
    const { certify } = await doctorJson(other, '--certify', '--yes')
    expect(certify?.['message']).toBe(
      `Nothing was sent: the running sidecar is for the product ${demoProduct.productCode}, and the settings here name another.`,
    )
    expect(await usage()).toMatchObject({ open: [] })
  })

  test('needs no record on the route hourly, and states where the next one has to be', async () => {
    const { certify } = await doctorJson(machineWith({ SIDECAR_ROUTE: 'hourly' }), '--certify')
    expect(certify).toMatchObject({
      status: 'pass',
      message: 'The route hourly sends no records: RegisterUsage, called above, is the step.',
      dimensions: [],
    })
    expect(certify?.['remaining']).toContainEqual(
      expect.stringMatching(/^This is eu-west-1: do the same in a task or pod in us-east-1/),
    )
  })

  test.each([
    [['--yes'], /--yes, --quantity and --wait need --certify/],
    [['--certify', '--no-calls'], /--no-calls cannot be combined with --certify/],
    [['--certify', '--quantity', '0'], /whole number from 1 to 1000000, not 0/],
    [['--certify', '--quantity', '1.5'], /not 1\.5/],
    [['--certify', '--quantity', '1000001'], /not 1000001/],
  ])('refuses %j', async (args, words) => {
    await expect(runDoctor(machine, ...args)).rejects.toThrow(words)
  })

  /** Lets the doctor's pauses pass, one after the other. */
  async function passTime<T>(work: Promise<T>): Promise<T> {
    let done = false
    const finish = () => {
      done = true
    }
    work.then(finish, finish)
    await harness.until(async () => {
      if (ownClock.nextAt === ownClock.now() + 5000) await ownClock.advance(5000)
      return done
    })
    return work
  }
})

function isDryRunOrRegister(input: unknown): boolean {
  return typeof input === 'object' && input !== null && ('DryRun' in input || 'Nonce' in input)
}
