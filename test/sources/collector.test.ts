import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { collector } from '../../scripts/tools/source-tools.ts'
import { findFreePort } from '../kill/free-port.ts'
import { eventually } from '../support/eventually.ts'
import { otlpProtobuf } from '../support/otlp/otlp-request.ts'
import { startOtlpWorld, type OtlpWorld } from './otlp-world.ts'

/** It is built from source, which takes minutes. */
const isNightly = process.env['NIGHTLY'] !== undefined
const patience = { timeoutMs: 30_000 }

let world: OtlpWorld
let running: ChildProcess | undefined
let directory: string
beforeAll(async () => {
  if (isNightly) await collector()
}, 1_800_000)
beforeEach(async () => {
  world = await startOtlpWorld()
  directory = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-collector-'))
})
afterEach(async () => {
  if (running?.exitCode === null) {
    running.kill('SIGKILL')
    await once(running, 'close')
  }
  running = undefined
  rmSync(directory, { recursive: true, force: true })
  await world.close()
})

/** A Collector that sends what it receives to the sidecar; resolves with where it receives. */
async function startCollector(): Promise<string> {
  const port = await findFreePort()
  const file = join(directory, 'collector.yaml')
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: { batch: { timeout: '50ms' } },
    exporters: {
      otlp_http: {
        metrics_endpoint: `${world.proxy.url}/v1/metrics`,
        retry_on_failure: { initial_interval: '100ms', max_interval: '500ms' },
      },
    },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: {
        metrics: { receivers: ['otlp'], processors: ['batch'], exporters: ['otlp_http'] },
      },
    },
  }
  writeFileSync(file, JSON.stringify(config))
  running = spawn(await collector(), ['--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = running
  await eventually(() => {
    if (ended.exitCode !== null) throw new Error(said)
    return said.includes('Everything is ready')
  }, patience)
  return `http://127.0.0.1:${port}/v1/metrics`
}

/** An application with one counter, which sends it to the Collector. */
class CountingProcess {
  readonly #url: string
  readonly #temporality: 1 | 2
  readonly #startedAt = Date.now()
  #sentAt = this.#startedAt
  #total = 0

  constructor(url: string, temporality: 1 | 2) {
    this.#url = url
    this.#temporality = temporality
  }

  async add(units: number): Promise<void> {
    this.#total += units
    const isDelta = this.#temporality === 1
    const start = isDelta ? this.#sentAt : this.#startedAt
    const at = Math.max(Date.now(), this.#sentAt + 1)
    this.#sentAt = at
    const value = BigInt(isDelta ? units : this.#total)
    const points = [{ value, at, start, attributes: { kind: 'paid' } }]
    const body = otlpProtobuf([
      { metrics: [{ name: 'app.requests', temporality: this.#temporality, points }] },
    ])
    const headers = { 'content-type': 'application/x-protobuf' }
    const { status } = await fetch(this.#url, { method: 'POST', headers, body })
    if (status !== 200) throw new Error(`the Collector answers ${status}`)
  }
}

describe.skipIf(!isNightly)('an OpenTelemetry Collector', () => {
  test.each([
    ['cumulative', 2],
    ['delta', 1],
  ] as const)('that retries brings each unit of %s sums once', async (_, temporality) => {
    const application = new CountingProcess(await startCollector(), temporality)
    const counted = (units: number) =>
      eventually(async () => (await world.requests()) === units, {
        ...patience,
        what: `${units} requests`,
      })
    await application.add(3)
    await counted(3)
    for (const how of ['reset', 'end'] as const) {
      const before = world.proxy.requests
      world.proxy.loseNextAnswer(how)
      await application.add(4)
      await eventually(() => world.proxy.requests >= before + 2, patience)
    }
    await counted(11)
    // While the sidecar is away the Collector keeps what it has.
    const target = world.proxy.target
    world.proxy.target = 'http://127.0.0.1:1'
    const before = world.proxy.requests
    await application.add(5)
    await application.add(6)
    await eventually(() => world.proxy.requests >= before + 2, patience)
    world.proxy.target = target
    await world.restart()
    await counted(22)
    await application.add(1)
    await counted(23)
    expect(world.refusals()).toEqual([])
  })
})
