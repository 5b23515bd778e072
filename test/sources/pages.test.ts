import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { missingTools } from '../../scripts/tools/client-tools.ts'
import { nodeExporter, sourceApps } from '../../scripts/tools/source-tools.ts'
import type { PageFormat } from '../../src/sources/prometheus/exposition/page.ts'
import { parsePage } from '../../src/sources/prometheus/exposition/parse-page.ts'
import { fetchPage } from '../../src/sources/prometheus/fetch-page.ts'
import { loadPage } from '../../src/sources/prometheus/load-page.ts'
import { readPage, type ScrapedDimension } from '../../src/sources/prometheus/read-page.ts'
import { eventually } from '../support/eventually.ts'
import { inOrder, numberOf, parseWithPython, type PlainSample } from './second-parser.ts'
import { startSourceApp, type SourceApp } from './source-app.ts'

let running: SourceApp | undefined
afterEach(() => running?.kill())

const requests: ScrapedDimension = {
  name: 'requests',
  unit: undefined,
  divisor: 1n,
  from: {
    otlp: undefined,
    heartbeat: undefined,
    prometheus: {
      metric: 'app_requests_total',
      match: new Map([['kind', 'paid']]),
      tags: undefined,
      firstValue: 'count',
    },
  },
}

/** The page in both formats. */
async function pagesOf(url: string): Promise<readonly ShownPage[]> {
  const pages = await Promise.all(
    (['openmetrics', 'text'] as const).map((preferred) => fetchPage(url, 10_000, preferred)),
  )
  return pages.map((page) => {
    if (!page.ok) throw new Error(page.failure.reason)
    return { format: page.value.format, page: page.value.text }
  })
}

interface ShownPage {
  readonly format: PageFormat
  readonly page: string
}

const parse = ({ format, page }: ShownPage) => parsePage(page, { format, wanted: () => true })
/** Go's OpenMetrics breaks its own format. */
const isReadable = (page: ShownPage) => parse(page).ok

function samplesOf(page: ShownPage) {
  const parsed = parse(page)
  if (!parsed.ok) throw new Error(`line ${parsed.failure.line}: ${parsed.failure.reason}`)
  return parsed.value
}

function plainSamples(page: ShownPage): readonly PlainSample[] | undefined {
  const parsed = parse(page)
  if (!parsed.ok) return undefined
  return parsed.value.map(({ name, labels, value }) => [
    name,
    Object.fromEntries(labels),
    numberOf(value),
  ])
}

async function expectTheSameAsPython(pages: readonly ShownPage[]) {
  const theirs = await parseWithPython(pages)
  for (const [index, page] of pages.entries()) {
    const [ours, other] = [plainSamples(page), theirs[index]]
    expect(ours && inOrder(ours), page.page).toEqual(other && inOrder(other))
  }
}

const apps = await Promise.all(
  sourceApps.map(async (each) => ({ ...each, missing: (await missingTools(each)).join(', ') })),
)

describe.each(apps)('the metrics page of $language', ({ page, missing }) => {
  test.skipIf(missing !== '')(
    'is read as Python reads it, and has the counter and its start',
    async () => {
      const app = startSourceApp(await page())
      running = app
      const url = `http://127.0.0.1:${await app.line()}/metrics`
      await app.perform({ add: 3, kind: 'paid' })
      await app.perform({ add: 2, kind: 'free' })
      await app.perform({ add: 4, kind: 'paid' })
      const pages = await pagesOf(url)
      const loaded = await loadPage({ url, timeoutMs: 10_000, wanted: () => true })
      if (!loaded.ok) throw new Error(loaded.failure.reason)
      const readable = pages.filter(isReadable).map(samplesOf)
      for (const samples of [loaded.value.samples, ...readable]) {
        const { counters, unusable } = readPage(samples, [requests])
        expect(counters).toMatchObject([{ dimension: 'requests', value: 7_000_000n }])
        expect(counters[0]?.startedAt).toBeLessThanOrEqual(Date.now() + 2000)
        expect(unusable).toEqual([])
      }
      await expectTheSameAsPython(pages)
    },
  )
})

test('the page of node_exporter is read as Python reads it', async () => {
  const program = await nodeExporter()
  const port = await freePort()
  const exporter = spawn(program, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' })
  const ended = once(exporter, 'exit')
  try {
    const url = `http://127.0.0.1:${port}/metrics`
    const pages = await eventually(() => pagesOf(url).catch(() => undefined))
    for (const each of pages) expect(samplesOf(each).length).toBeGreaterThan(100)
    await expectTheSameAsPython(pages)
  } finally {
    exporter.kill('SIGKILL')
    await ended
  }
})

/** The exporter does not say which port it was given. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
