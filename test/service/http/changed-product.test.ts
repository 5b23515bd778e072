import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { scratch } from '../../support/scratch.ts'
import { startHarness } from '../../support/sidecar/sidecar-harness.ts'

const gib = 2 ** 30

interface MeterUsageInput {
  readonly ProductCode: string
  readonly UsageDimension: string
  readonly UsageQuantity?: number
  readonly DryRun?: boolean
}

/** The data directory as a process leaves it that is killed now. */
function copyOf(dataDir: string): string {
  const copy = mkdtempSync(join(scratch, 'sidecar-'))
  cpSync(dataDir, copy, { recursive: true })
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
  return copy
}

test.each([
  ['does not have the dimension', { SIDECAR_DIMENSIONS: 'requests' }],
  ['has another divisor', { SIDECAR_DIMENSIONS: 'requests,storage' }],
  [
    'has another product code',
    { SIDECAR_DIMENSIONS: `requests,storage/${gib}`, SIDECAR_PRODUCT_CODE: 'anothercode' },
  ],
])(
  '5 GiB of a killed sidecar are billed as 5 by an image whose product file %s',
  async (_, settings) => {
    const first = await startHarness({
      settings: { SIDECAR_DIMENSIONS: `storage/${gib}`, SIDECAR_FLUSH_ON_SHUTDOWN: 'false' },
    })
    expect(await first.post({ dimension: 'storage', quantity: 5 * gib })).toMatchObject({
      status: 200,
    })
    const dataDir = copyOf(first.dataDir)
    await first.sidecar.stop()
    rmSync(first.dataDir, { recursive: true })

    const { log, lines } = createRecordedLog()
    const next = await startHarness({ dataDir, aws: first.aws, settings, log })
    onTestFinished(() => next.close())
    await next.endHour()
    await next.attempts(1)
    const sent = (await next.calls())
      .map(({ input }) => input as MeterUsageInput)
      .filter(({ UsageQuantity, DryRun }) => UsageQuantity !== undefined && DryRun !== true)
    expect(sent).toMatchObject([
      { ProductCode: demoProduct.productCode, UsageDimension: 'storage', UsageQuantity: 5 },
    ])
    expect(await next.records()).toMatchObject([{ dimension: 'storage', quantity: 5 }])
    expect(lines.filter(({ event }) => event === 'ledger.retired')).toMatchObject([
      { fields: { dimension: 'storage', divisor: String(gib) } },
    ])
    await next.endHour()
    expect(await next.records()).toHaveLength(1)
  },
)
