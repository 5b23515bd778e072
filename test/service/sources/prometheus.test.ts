import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../support/manual-clock.ts'
import { startMetricsPage, type MetricsPage } from '../../support/sidecar/metrics-page.ts'
import { productFileWith } from '../../support/sidecar/product-file.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let page: MetricsPage
let harness: SidecarHarness | undefined
beforeEach(async () => {
  page = await startMetricsPage()
})
afterEach(async () => {
  await harness?.close()
  harness = undefined
  await page.close()
})

/** A sidecar whose product takes these dimensions from elsewhere. */
async function start(
  dimensions: readonly (object | string)[],
  settings: Readonly<Record<string, string | undefined>> = {},
  timers?: ManualClock,
): Promise<SidecarHarness> {
  const { files, settings: own } = productFileWith(dimensions)
  harness = await startHarness({
    files,
    ...(timers !== undefined && { timers }),
    settings: { ...own, SIDECAR_SCRAPE_URL: page.url, ...settings },
  })
  return harness
}

const requests = {
  name: 'requests',
  from: {
    prometheus: { metric: 'app_requests_total', match: { kind: 'paid' }, tags: { team: 'tenant' } },
  },
}
const startLine = (harnessOf: SidecarHarness) =>
  `process_start_time_seconds ${harnessOf.clock.now() / 1000 + 1}\n`
const counters = (paid: number, free = 9) =>
  `# TYPE app_requests_total counter\napp_requests_total{kind="paid",tenant="a"} ${paid}\napp_requests_total{kind="free",tenant="a"} ${free}\n`

async function scrape({ sidecar }: SidecarHarness) {
  const response = await fetch(`http://127.0.0.1:${sidecar.appPort}/v1/scrape`, { method: 'POST' })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const openOf = async (running: SidecarHarness) => {
  const { body } = await running.get('/v1/usage')
  return body['open'] as { dimension: string; quantity: number }[]
}

describe('a metrics page', () => {
  test('is counted without a change of the application, and its usage reaches AWS as a record', async () => {
    const running = await start([requests])
    await running.entitled()
    const started = startLine(running)
    page.answer = started + counters(3)
    expect(await scrape(running)).toEqual({ status: 200, body: { scraped: true } })
    page.answer = started + counters(7)
    await scrape(running)
    expect(await openOf(running)).toMatchObject([{ dimension: 'requests', quantity: 7 }])
    await running.endHour()
    await running.until(async () => (await running.records()).length === 1)
    expect(await running.records()).toMatchObject([{ dimension: 'requests', quantity: 7 }])
    expect((await running.get('/v1/usage')).body['sources']).toMatchObject([
      { name: 'prometheus', dimensions: ['requests'], lastFailure: null },
    ])
    expect((await running.ops('/metrics')).text).toMatch(
      /marketplace_source_last_seen_timestamp_seconds\{source="prometheus"\} \d/,
    )
  })

  test('is read by itself, every 15 seconds', async () => {
    const running = await start([requests])
    page.answer = startLine(running) + counters(3)
    const before = page.reads
    await running.clock.advance(15_000)
    await running.until(() => page.reads > before)
    await running.until(async () => (await openOf(running)).length === 1)
    expect(await openOf(running)).toMatchObject([{ quantity: 3 }])
  })

  test('in OpenMetrics has the starts of its counters', async () => {
    const running = await start([
      { name: 'requests', from: { prometheus: { metric: 'app_requests_total' } } },
    ])
    const created = running.clock.now() / 1000 + 5
    page.answer = `# TYPE app_requests counter\napp_requests_total 4.5\napp_requests_created ${created}\n# EOF\n`
    await scrape(running)
    expect(await openOf(running)).toMatchObject([{ quantity: 4.5 }])
  })

  test.each([
    ['a 500', (response: ServerResponse) => void response.writeHead(500).end('a 1\n')],
    [
      'a redirect',
      (response: ServerResponse) => void response.writeHead(302, { location: '/' }).end(),
    ],
    [
      'a page that breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '9999' })
        response.write(counters(3))
        response.destroy()
      },
    ],
    ['half a line', `${counters(3)}app_requ`],
    [
      'half an OpenMetrics page',
      (response: ServerResponse) =>
        void response
          .writeHead(200, { 'content-type': 'application/openmetrics-text' })
          .end('a 1\n'),
    ],
    ['a series that is NaN', counters(NaN)],
    [
      'a gauge in place of a counter',
      counters(3).replace('TYPE app_requests_total counter', 'TYPE app_requests_total gauge'),
    ],
    [
      'bytes that are no UTF-8',
      (response: ServerResponse) => void response.end(Buffer.from([0x61, 0xff, 10])),
    ],
  ])('that is %s gives nothing, and says so', async (_, answer) => {
    const running = await start([requests])
    page.answer = answer
    expect(await scrape(running)).toMatchObject({ status: 503, body: { code: 'ScrapeFailed' } })
    const [source] = (await running.get('/v1/usage')).body['sources'] as object[]
    expect(source).toMatchObject({ lastFailure: { reason: expect.any(String) } })
    expect(await openOf(running)).toEqual([])
    page.answer = startLine(running) + counters(3)
    expect((await scrape(running)).status).toBe(200)
    expect(await openOf(running)).toMatchObject([{ quantity: 3 }])
  })

  test('whose OpenMetrics is broken, as that of Go is, is read as text', async () => {
    const running = await start([requests])
    const accepted: (string | undefined)[] = []
    page.answer = (response) => {
      const { accept } = response.req.headers
      accepted.push(accept)
      const isOpen = accept?.includes('openmetrics') === true
      const type = isOpen ? 'application/openmetrics-text; version=1.0.0' : 'text/plain'
      const twice = '# TYPE go_bytes gauge\ngo_bytes 1\n# TYPE go_bytes counter\ngo_bytes_total 1\n'
      const shown = isOpen ? `${twice}${counters(3)}# EOF\n` : startLine(running) + counters(3)
      response.writeHead(200, { 'content-type': type }).end(shown)
    }
    expect((await scrape(running)).status).toBe(200)
    const before = accepted.length
    expect((await scrape(running)).status).toBe(200)
    expect(await openOf(running)).toMatchObject([{ quantity: 3 }])
    // It is not asked for twice each time.
    expect(accepted).toHaveLength(before + 1)
  })

  test('has gauges too: the largest sum of an hour', async () => {
    const running = await start([
      { name: 'seats', aggregate: 'max', from: { prometheus: { metric: 'app_seats' } } },
    ])
    for (const [a, b] of [
      [1, 2],
      [4, 3],
      [0, 1],
    ]) {
      page.answer = `# TYPE app_seats gauge\napp_seats{worker="a"} ${a}\napp_seats{worker="b"} ${b}\n`
      await scrape(running)
    }
    const { body } = await running.get('/v1/usage')
    expect(body['readings']).toMatchObject([{ dimension: 'seats', aggregate: 'max', quantity: 7 }])
  })

  test('is the one source of its dimension: reports of it are refused', async () => {
    const running = await start([requests, 'storage'])
    const refused = await running.post({ dimension: 'requests', quantity: 1 })
    expect(refused).toMatchObject({ status: 422, body: { code: 'DimensionHasSource' } })
    expect((await running.post({ dimension: 'storage', quantity: 1 })).status).toBe(200)
  })

  test('is read at the end until it is gone', async () => {
    const running = await start([requests], { SIDECAR_DRAIN_DELAY_MS: '5000' })
    await running.entitled()
    const started = startLine(running)
    page.answer = started + counters(3)
    await scrape(running)
    page.answer = started + counters(5)
    const before = page.reads
    const stopped = running.sidecar.stop()
    await running.until(() => page.reads > before + 1)
    await page.close()
    await stopped
    expect(await running.records()).toMatchObject([{ dimension: 'requests', quantity: 5 }])
  })

  test('is read every 250 ms once Kubernetes says that the end begins, before any signal', async () => {
    const running = await start([requests])
    const started = startLine(running)
    page.answer = started + counters(3)
    expect(await running.ops('/prestop')).toEqual({ status: 200, text: 'ok\n' })
    await running.until(async () => (await openOf(running))[0]?.quantity === 3)
    page.answer = started + counters(5)
    // Nothing but the end moves real time here.
    await running.until(async () => (await openOf(running))[0]?.quantity === 5)
    await page.close()
    await running.until(() => running.emitted('sourceRead').at(-1)?.outcome === 'failed')
  })

  test('is read no more than every 250 ms and for ten minutes, however often the end is announced', async () => {
    const timers = new ManualClock()
    const running = await start([requests], {}, timers)
    await running.until(() => running.emitted('sourceRead').length === 1)
    const reads = () => running.emitted('sourceRead').length
    for (let times = 0; times < 20; times += 1) await running.ops('/prestop')
    await running.until(() => reads() === 2)
    for (let steps = 1; steps <= 4; steps += 1) {
      await timers.advance(250)
      await running.until(() => reads() === 2 + steps)
    }
    await timers.advance(10 * 60_000)
    await running.ops('/livez')
    const last = page.reads
    for (let steps = 0; steps < 4; steps += 1) {
      await timers.advance(250)
      await running.ops('/livez')
    }
    expect(page.reads).toBe(last)
    expect(last).toBeLessThanOrEqual(10 * 60 * 4 + 2)
    const closed = running.close()
    await timers.advance(60_000)
    await closed
    harness = undefined
  })

  test('that was not heard in an hour makes no record of zero for it', async () => {
    page.answer = (response) => response.destroy()
    const running = await start([requests, 'storage'], { SIDECAR_ZERO_RECORDS: 'true' })
    await running.entitled()
    await running.endHour()
    await running.until(async () => {
      // The page's own timer comes between those of the hour.
      await running.clock.advance(30_000)
      return (await running.records()).length > 0
    })
    expect((await running.records()).map(({ dimension }) => dimension)).toEqual(['storage'])
  })

  test('that was never heard is silent since the start', async () => {
    page.answer = (response) => response.destroy()
    const running = await start([requests])
    const started = running.clock.now() / 1000
    expect((await running.ops('/metrics')).text).toContain(
      `marketplace_source_last_seen_timestamp_seconds{source="prometheus"} ${started}\n`,
    )
    const { body } = await running.get('/v1/usage')
    expect(body['sources']).toMatchObject([{ name: 'prometheus', lastHeardAt: null }])
  })

  test('must be named where the product file takes usage from one', async () => {
    await expect(start([requests], { SIDECAR_SCRAPE_URL: undefined })).rejects.toMatchObject({
      code: 'InvalidSettings',
    })
  })

  test.each(['http://10.0.0.1/metrics', 'https://127.0.0.1/metrics', 'http://example.org/'])(
    'is on loopback: %s is refused',
    async (url) => {
      await expect(start([requests], { SIDECAR_SCRAPE_URL: url })).rejects.toThrow(
        /SIDECAR_SCRAPE_URL/,
      )
    },
  )
})

describe('a heartbeat', () => {
  test('counts started hours while the buyer may run the product', async () => {
    const running = await start([
      { name: 'storage', aggregate: 'max', from: { heartbeat: { value: 1 } } },
    ])
    await running.entitled()
    await running.clock.advance(30_000)
    await running.until(async () => {
      const { body } = await running.get('/v1/usage')
      return (body['readings'] as { quantity: number }[])[0]?.quantity === 1
    })
    await running.endHour()
    await running.until(async () => {
      await running.clock.advance(30_000)
      return (await running.records()).length === 1
    })
    expect(await running.records()).toMatchObject([{ dimension: 'storage', quantity: 1 }])
  })
})
