import { describe, expect, onTestFinished, test } from 'vitest'
import { dryRunCheck } from '../../../src/doctor/checks/check-dry-run.ts'
import { registerUsageCheck } from '../../../src/doctor/checks/check-register-usage.ts'
import type { Check, Finding } from '../../../src/doctor/check.ts'
import type { EmulatedCall } from '../../../src/emulator/control/calls.ts'
import { startEmulator, type Harness } from '../../service/emulator/harness.ts'
import {
  demoSettings,
  findingsOf,
  outcomesOf,
  publicKeyPath,
} from '../../support/doctor/test-machine.ts'
import { createRsaKey } from '../../support/aws/mint-token.ts'

interface Scene {
  readonly aws: Harness
  readonly run: (
    check: Check,
    settings?: Readonly<Record<string, string>>,
    pem?: string,
  ) => Promise<readonly Finding[]>
  readonly calls: () => Promise<readonly EmulatedCall[]>
}

async function openScene(callAws = true): Promise<Scene> {
  const aws = await startEmulator()
  onTestFinished(() => aws.close())
  return {
    aws,
    run: (check, settings = {}, pem = aws.emulator.publicKeyPem()) =>
      findingsOf(check, {
        env: demoSettings({ SIDECAR_AWS_ENDPOINT: aws.url, ...settings }),
        reader: { readText: (path) => (path === publicKeyPath ? pem : undefined) },
        clock: aws.clock,
        callAws,
      }),
    calls: async () => (await aws.control('calls'))['calls'] as EmulatedCall[],
  }
}

const fault = (aws: Harness, operation: string, error: string, times = 1) =>
  aws.control('faults', { operation, error, times })

/** An error of AWS, the problem that it is reported as, and words of the fix. */
const refusals = [
  ['CustomerNotEntitledException', 'NotEntitled', 'Subscribe to the product'],
  ['AccessDeniedException', 'NotPermitted', 'Allow aws-marketplace:'],
  ['InvalidProductCodeException', 'Refused', 'compare productCode in the product file'],
  ['ThrottlingException', 'Unavailable', 'passes by itself'],
] as const

describe('the check register-usage', () => {
  test('registers once and checks the signature with the pinned key', async () => {
    const { run, calls } = await openScene()
    const findings = await run(registerUsageCheck)
    expect(findings).toMatchObject([
      { status: 'pass', message: 'AWS confirms the buyer, signed with key version 1.' },
    ])
    expect(await calls()).toMatchObject([{ operation: 'RegisterUsage', outcome: 'ok' }])
  })

  test('fails when another key has signed', async () => {
    const { run } = await openScene()
    const findings = await run(registerUsageCheck, {}, createRsaKey(2048).publicKeyPem)
    expect(outcomesOf(findings)).toEqual(['WrongToken'])
    expect(findings[0]?.message).toMatch(/^TokenSignatureInvalid: /)
  })

  test.each(refusals)('explains %s', async (error, problem, words) => {
    const { aws, run } = await openScene()
    await fault(aws, 'RegisterUsage', error)
    const [finding] = await run(registerUsageCheck)
    expect(finding?.problem).toBe(problem)
    expect(finding?.message).toContain(`RegisterUsage failed with ${error}: `)
    expect(finding?.fix).toContain(words)
  })

  test('warns when AWS replaces the key', async () => {
    const { aws, run } = await openScene()
    await aws.control('settings', { publicKeyRotationAt: '2026-05-01T00:00:00Z' })
    const findings = await run(registerUsageCheck)
    expect(outcomesOf(findings)).toEqual(['pass', 'KeyEnds'])
    expect(findings[1]?.message).toContain('2026-05-01T00:00:00.000Z')
  })

  test('calls nothing on the route metered, or with --no-calls', async () => {
    const { run, calls } = await openScene()
    expect(outcomesOf(await run(registerUsageCheck, { SIDECAR_ROUTE: 'metered' }))).toEqual([
      'pass',
    ])
    const silent = await openScene(false)
    expect(outcomesOf(await silent.run(registerUsageCheck))).toEqual(['skip'])
    expect([...(await calls()), ...(await silent.calls())]).toEqual([])
  })
})

describe('the check dry-run', () => {
  test('asks for every dimension and records nothing', async () => {
    const { aws, run, calls } = await openScene()
    const findings = await run(dryRunCheck)
    expect(findings.map(({ subject, status }) => [subject, status])).toEqual([
      ['requests', 'pass'],
      ['storage', 'pass'],
    ])
    expect((await calls()).map(({ input }) => (input as { DryRun: boolean }).DryRun)).toEqual([
      true,
      true,
    ])
    expect(await aws.control('records')).toEqual({ records: [] })
  })

  test('names the dimension that AWS does not know, and goes on', async () => {
    const { run } = await openScene()
    const findings = await run(dryRunCheck, { SIDECAR_DIMENSIONS: 'Requests,storage' })
    expect(outcomesOf(findings)).toEqual(['WrongDimension', 'pass'])
    expect(findings[0]?.message).toContain('Requests: MeterUsage with DryRun failed')
    expect(findings[0]?.fix).toContain('display names do not work')
  })

  test.each(refusals)(
    'reports %s once where it would fail for every dimension',
    async (error, problem, words) => {
      const { aws, run, calls } = await openScene()
      await fault(aws, 'MeterUsage', error, 2)
      const findings = await run(dryRunCheck)
      expect(outcomesOf(findings)).toEqual([problem, 'skip'])
      expect(findings[0]?.fix).toContain(words)
      expect(await calls()).toHaveLength(1)
    },
  )

  test('accepts both forms of AWS, and a record that stands for the hour', async () => {
    const { aws, run } = await openScene()
    await aws.control('settings', { dryRunForm: 'error' })
    expect(outcomesOf(await run(dryRunCheck))).toEqual(['pass', 'pass'])
    await fault(aws, 'MeterUsage', 'DuplicateRequestException')
    expect(outcomesOf(await run(dryRunCheck))).toEqual(['pass', 'pass'])
  })

  test('calls nothing on the route hourly, or with --no-calls', async () => {
    const { run, calls } = await openScene()
    expect(outcomesOf(await run(dryRunCheck, { SIDECAR_ROUTE: 'hourly' }))).toEqual(['pass'])
    const silent = await openScene(false)
    expect(outcomesOf(await silent.run(dryRunCheck))).toEqual(['skip'])
    expect([...(await calls()), ...(await silent.calls())]).toEqual([])
  })
})
