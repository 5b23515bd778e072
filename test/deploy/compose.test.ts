import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { bundle } from '../../scripts/build/build.ts'
import { deployTools } from '../../scripts/tools/deploy-tools.ts'
import { imageOfStage } from '../support/deploy/dockerfile.ts'
import { eventually } from '../support/eventually.ts'
import { root, temporaryDirectory } from '../support/program/program.ts'
import { ComposeEngine, type ComposeModel, type Image } from './compose-engine.ts'
import { runTool } from './run-tool.ts'

const file = join(root, 'deploy/compose/compose.yaml')

let folder: string
let composeConfig: string
let prometheus: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'))
  composeConfig = await deployTools.composeConfig()
  prometheus = await deployTools.prometheus()
  mkdirSync(join(folder, 'app'))
  await bundle(join(root, 'src/main.ts'), join(folder, 'app/main.js'))
  await bundle(join(root, 'src/cli/emulate/emulate-main.ts'), join(folder, 'app/emulator.js'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function readModel(path: string): Promise<ComposeModel> {
  const { code, out, err } = await runTool(composeConfig, [path])
  if (code !== 0) throw new Error(err)
  return JSON.parse(out) as ComposeModel
}

/** Returns the image of the service: a stage of the Dockerfile, found by the name that a service builds. */
function imageOf({ services }: ComposeModel, name: string): Image {
  const wanted = services[name]?.image
  const builder = Object.values(services).find(({ image, build }) => build && image === wanted)
  if (builder?.build !== undefined) {
    const files = [
      { source: join(folder, 'app'), target: '/app', readOnly: true },
      { source: process.execPath, target: '/nodejs/bin/node', readOnly: true },
    ]
    return { ...imageOfStage(builder.build.target), files }
  }
  expect(wanted).toMatch(/^prom\/prometheus:v\d/)
  return {
    entrypoint: ['/opt/prometheus'],
    cmd: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus'],
    env: {},
    user: '65534:65534',
    healthcheck: undefined,
    volumes: ['/prometheus'],
    files: [{ source: prometheus, target: '/opt/prometheus', readOnly: true }],
  }
}

describe('compose.yaml', () => {
  test('is accepted by the reader of Docker Compose', async () => {
    const { services } = await readModel(file)
    expect(Object.keys(services).toSorted()).toEqual([
      'application',
      'emulator',
      'prometheus',
      'sidecar',
    ])
  })

  test.each([
    ['an unknown key', 'network_mode:', 'netwerk_mode:', /netwerk_mode/],
    ['a missing dependency', 'emulator: {', 'emulater: {', /emulater/],
    ['a missing network', 'service:sidecar', 'service:sidekick', /sidekick/],
    ['an undeclared volume', 'ledger:/var', 'leger:/var', /leger/],
  ])('is refused with %s', async (_, right, wrong, message) => {
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(right)
    const path = join(temporaryDirectory(), 'compose.yaml')
    writeFileSync(path, text.replace(right, wrong))
    await expect(readModel(path)).rejects.toThrow(message)
  })
})

describe('the services of compose.yaml', () => {
  let engine: ComposeEngine
  beforeAll(async () => {
    const model = await readModel(file)
    engine = await ComposeEngine.create(model, (name) => imageOf(model, name), folder)
    await engine.up()
  })
  afterAll(() => engine.close())

  /** Requests an address from the service's container and returns the answer. */
  async function ask(service: string, url: string): Promise<unknown> {
    const script = `fetch('${url}').then((answer) => answer.text()).then(console.log)`
    const { code, out } = await engine.container(service).run(['node', '-e', script])
    if (code !== 0) throw new Error(out)
    return JSON.parse(out)
  }
  const printed = (service: string, pattern: RegExp) =>
    eventually(() => pattern.exec(engine.container(service).output), {
      timeoutMs: 30_000,
      what: `${pattern} in the output of ${service}`,
    })
  const query = (expression: string) =>
    eventually(
      async () => {
        const path = `/api/v1/query?query=${encodeURIComponent(expression)}`
        const { data } = (await ask('sidecar', `http://prometheus:9090${path}`)) as {
          data: { result: { value: [number, string] }[] }
        }
        return data.result[0]?.value[1]
      },
      { timeoutMs: 30_000, what: `a value of ${expression}` },
    )

  test('the application learns that it may run, and reports usage', async () => {
    await printed('application', /^entitlement: 200 Entitled/m)
    await printed('application', /^reported: 2 requests in all$/m)
    expect(await ask('application', 'http://localhost:7070/v1/usage')).toMatchObject({
      open: [{ dimension: 'requests' }],
    })
  })

  test('no other service reaches the sidecar where the application does', async () => {
    await expect(ask('emulator', 'http://sidecar:7070/v1/entitlement')).rejects.toThrow(
      'ECONNREFUSED',
    )
    await expect(ask('emulator', 'http://localhost:7070/v1/entitlement')).rejects.toThrow(
      'ECONNREFUSED',
    )
  })

  test('Prometheus sees the sidecar and its metrics', async () => {
    expect(await query('up{job="marketplace-sidecar"} == 1')).toBe('1')
    expect(await query('marketplace_entitled')).toBe('1')
    expect(
      Number(await query('marketplace_usage_reported_total{dimension="requests"} > 0')),
    ).toBeGreaterThan(0)
  })

  test('Prometheus has the rules of the chart', async () => {
    const rules = join(root, 'helm/marketplace-sidecar/files/alerts.yaml')
    const { groups } = parse(readFileSync(rules, 'utf8')) as { groups: { name: string }[] }
    expect(groups.length).toBeGreaterThan(0)
    const { data } = (await ask('sidecar', 'http://prometheus:9090/api/v1/rules')) as {
      data: { groups: { name: string }[] }
    }
    expect(data.groups.map(({ name }) => name).toSorted()).toEqual(
      groups.map(({ name }) => name).toSorted(),
    )
  })

  test('after they have stopped in turn, AWS has every unit that the application reported', async () => {
    const application = await engine.stop('application')
    const [, count = ''] = /^ended after (\d+) requests$/m.exec(application.out) ?? []
    expect(Number(count)).toBeGreaterThan(1)
    expect(application.code).toBe(0)
    const sidecar = await engine.stop('sidecar')
    expect(sidecar.code).toBe(0)
    const { records } = (await ask('emulator', 'http://localhost:7071/_emulator/records')) as {
      records: { resource: string; dimension: string; quantity: number }[]
    }
    expect(new Set(records.map(({ resource }) => resource))).toEqual(new Set(['AKIACOMPOSE']))
    const sum = records.reduce((total, { quantity }) => total + quantity, 0)
    expect(sum).toBe(Number(count))
    expect(existsSync(join(folder, 'volume-ledger/ledger.db'))).toBe(true)
  })
})
