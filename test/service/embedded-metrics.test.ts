import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { metricPrefix } from '../../src/observe/prometheus/metric-table.ts'
import { embeddedMetricSchema } from '../support/deploy/embedded-metric-schema.ts'
import { productFileWith } from '../support/sidecar/product-file.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../support/sidecar/sidecar-harness.ts'

const minute = 60_000
const on = { SIDECAR_EMBEDDED_METRICS: 'true' }

interface EmbeddedLine {
  readonly [member: string]: unknown
  readonly _aws: {
    readonly Timestamp: number
    readonly CloudWatchMetrics: readonly [
      {
        readonly Namespace: string
        readonly Dimensions: readonly (readonly string[])[]
        readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
      },
    ]
  }
}

let lines: string[]
let harness: SidecarHarness
const start = async (options: SidecarOptions = {}) =>
  (harness = await startHarness({ settings: on, out: (line) => lines.push(line), ...options }))
beforeEach(() => {
  lines = []
})
afterEach(() => harness.close())

/** The first line about a later moment than now, with these members. */
async function nextLine(members: Readonly<Record<string, number>> = {}): Promise<EmbeddedLine> {
  const now = harness.clock.now()
  return harness.until(async () => {
    await harness.clock.advance(minute)
    const line = JSON.parse(lines.at(-1) ?? '{}') as Partial<EmbeddedLine>
    const agrees = Object.entries(members).every(([name, value]) => line[name] === value)
    return agrees && line._aws !== undefined && line._aws.Timestamp > now && (line as EmbeddedLine)
  })
}

describe('the metrics for CloudWatch', () => {
  test('are a line a minute, by the clock of the hours', async () => {
    await start()
    const startedAt = harness.clock.now()
    await harness.clock.advance(minute - 1)
    expect(lines).toEqual([])
    await harness.clock.advance(1)
    const stamps = () => lines.map((line) => (JSON.parse(line) as EmbeddedLine)._aws.Timestamp)
    await harness.until(() => lines.length === 1)
    await harness.until(() => harness.clock.nextAt === startedAt + 2 * minute)
    await harness.clock.advance(minute)
    await harness.until(() => lines.length === 2)
    expect(stamps()).toEqual([startedAt + minute, startedAt + 2 * minute])
  })

  test('go on where the clock is set back', async () => {
    await start()
    harness.clock.step(-60 * minute)
    const setBackTo = harness.clock.now()
    await harness.clock.advance(minute)
    await harness.until(() => lines.length === 1)
    const line = JSON.parse(lines[0] ?? '') as EmbeddedLine
    expect(line._aws.Timestamp).toBe(setBackTo + minute)
  })

  test('are not written by default', async () => {
    await start({ settings: {} })
    await harness.clock.advance(5 * minute)
    await harness.ops('/metrics')
    expect(lines).toEqual([])
  })

  test('hold to the embedded metric format, one line of JSON each', async () => {
    await start()
    const line = await nextLine()
    expect(lines[0]).not.toContain('\n')
    const ajv = new Ajv({ strict: true })
    const valid = ajv.validate(embeddedMetricSchema, line)
    expect(ajv.errors ?? []).toEqual([])
    expect(valid).toBe(true)
    const [{ Dimensions, Metrics }] = line._aws.CloudWatchMetrics
    for (const name of Dimensions.flat()) expect(line[name], name).toMatch(/^.{1,1024}$/)
    for (const { Name } of Metrics) expect(Number.isFinite(line[Name]), Name).toBe(true)
    expect(Buffer.byteLength(lines[0] ?? '')).toBeLessThan(256 * 1024)
  })

  test('leave out the free space, and nothing else, when it cannot be read', async () => {
    await start()
    await nextLine()
    const book = join(harness.dataDir, 'ledger.db')
    // The book itself works on: its files are open.
    renameSync(book, `${book}-elsewhere`)
    const line = await nextLine({ Entitled: 1 })
    expect(Object.keys(line)).not.toContain('LedgerFreeBytes')
    const names = line._aws.CloudWatchMetrics[0].Metrics.map(({ Name }) => Name)
    expect(names).toContain('ClockSkewSeconds')
    expect(names).not.toContain('LedgerFreeBytes')
    const { status, text } = await harness.ops('/metrics')
    expect([status, text]).toEqual([200, expect.stringContaining('ledger_free_bytes Nan')])
  })

  test('have the names and units that alarms are made with', async () => {
    await start()
    const [directive] = (await nextLine())._aws.CloudWatchMetrics
    expect(directive).toEqual({
      Namespace: 'MarketplaceSidecar',
      Dimensions: [['ProductCode']],
      Metrics: [
        { Name: 'Entitled', Unit: 'None' },
        { Name: 'OldestUnsentSeconds', Unit: 'Seconds' },
        { Name: 'RefusedRecords', Unit: 'Count' },
        { Name: 'UnresolvedRecords', Unit: 'Count' },
        { Name: 'Imbalance', Unit: 'Count' },
        { Name: 'ClockSkewSeconds', Unit: 'Seconds' },
        { Name: 'LedgerFreeBytes', Unit: 'Bytes' },
        { Name: 'HeldUnits', Unit: 'Count' },
        { Name: 'LedgerReadable', Unit: 'None' },
      ],
    })
  })

  test('have the time that is left for an hour that is held, and none before', async () => {
    const { files, settings } = productFileWith([{ name: 'requests', maxPerHour: 5 }])
    await start({ files, settings: { ...settings, ...on } })
    await harness.entitled()
    await harness.post({ dimension: 'requests', quantity: 6 })
    const before = await nextLine()
    expect(before).not.toHaveProperty('HeldDeadlineSeconds')
    expect(before).toHaveProperty('HeldUnits', 0)
    await harness.endHour()
    const line = await harness.until(async () => {
      const next = await nextLine()
      return 'HeldDeadlineSeconds' in next && next
    })
    const acceptedUntil = Date.parse('2026-03-10T16:00:00Z')
    expect(line['HeldDeadlineSeconds']).toBe((acceptedUntil - line._aws.Timestamp) / 1000)
    expect(line['HeldUnits']).toBe(6)
  })

  test('have the values that Prometheus reads', async () => {
    // A refused record waits as long as possible, so that no attempt is under way when a line is due.
    await start({ random: () => 0.999 })
    await harness.entitled()
    await harness.aws.control('faults', {
      operation: 'MeterUsage',
      error: 'InvalidUsageDimensionException',
      times: 100,
    })
    await harness.post({ dimension: 'requests', quantity: 3 })
    await harness.post({ dimension: 'storage', quantity: 4 })
    await harness.endHour()
    const scraped = async (series: string) => {
      const { text } = await harness.ops('/metrics')
      return Number(text.split(`\n${metricPrefix}${series} `)[1]?.split('\n')[0])
    }
    // An answer of AWS between the line and the scrape gives another skew; the next line has it too.
    const line = await eventually(async () => {
      const next = await nextLine({ RefusedRecords: 2 })
      return next['ClockSkewSeconds'] === (await scraped('clock_skew_seconds')) && next
    })
    expect(line).toMatchObject({
      ProductCode: '1a2b3cdemo4d5e6f7g8h9i0jk',
      Entitled: 1,
      OldestUnsentSeconds: (line._aws.Timestamp - Date.parse('2026-03-10T10:00:00Z')) / 1000,
    })
    expect(line).toMatchObject({ UnresolvedRecords: 0, Imbalance: 0 })
    expect(line['LedgerFreeBytes']).toBeGreaterThan(0)
  })

  test('go on after a line that could not be written', async () => {
    let isClosed = true
    await start({
      out: (line) => {
        if (isClosed) throw new Error('write EPIPE')
        lines.push(line)
      },
    })
    await harness.clock.advance(minute)
    expect(lines).toEqual([])
    isClosed = false
    expect(await nextLine()).toMatchObject({ event: 'metrics.embedded' })
  })
})
