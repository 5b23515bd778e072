import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import {
  Program,
  startEmulatorProgram,
  startProgram,
  temporaryDirectory,
  type EmulatorProgram,
} from '../support/program/program.ts'
import { render } from './charts.ts'
import { envOf, only, podOf, sidecarOf, type KubernetesObject } from './kubernetes-object.ts'
import { sourceDimensions } from '../support/deploy/source-dimensions.ts'

/** What the image and the cluster give a pod without the emulator's values: a product file, and credentials. */
function imageWith(product: object): Readonly<Record<string, string>> {
  const file = join(temporaryDirectory(), 'product.json')
  writeFileSync(file, JSON.stringify({ productCode: demoProduct.productCode, ...product }))
  return {
    SIDECAR_PRODUCT_FILE: file,
    SIDECAR_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEPOD',
    AWS_SECRET_ACCESS_KEY: 'any',
  }
}

/** Returns what the cluster would start, with the addresses of this machine. */
async function startPod(
  objects: readonly KubernetesObject[],
  emulator: EmulatorProgram,
  own: { readonly sidecar?: Readonly<Record<string, string>>; readonly metricsPort?: string } = {},
) {
  const directory = temporaryDirectory()
  const sidecar = startProgram(['run'], {
    ...envOf(sidecarOf(objects)),
    ...own.sidecar,
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_AWS_ENDPOINT: emulator.url,
    SIDECAR_LISTEN: '127.0.0.1:0',
    SIDECAR_OPS_LISTEN: '127.0.0.1:0',
    SIDECAR_DATA_DIR: join(directory, 'data'),
    SIDECAR_DRAIN_QUIET_MS: '0',
  })
  const [line = ''] = await sidecar.printed(/^\{.*"event":"sidecar.started".*\}$/m)
  const { app }: { app: string } = JSON.parse(line)

  const [container] = podOf(objects).spec.containers
  if (container === undefined) throw new Error('the pod does not have an application')
  const [name = '', path = ''] = container.command ?? []
  expect(name).toBe('node')
  const [mount] = container.volumeMounts
  expect(path.startsWith(`${mount?.mountPath}/`)).toBe(true)
  const file = path.slice(`${mount?.mountPath}/`.length)
  const scripts = only(objects, 'ConfigMap', 'shop-example-product-application').data ?? {}
  writeFileSync(join(directory, file), scripts[file] ?? '')
  const application = new Program(process.execPath, [join(directory, file)], {
    ...envOf(container),
    ...(own.metricsPort !== undefined && { METRICS_PORT: own.metricsPort }),
    SIDECAR_URL: `http://${app}`,
  })
  onTestFinished(() => application.killAll())
  return { sidecar, application, app: `http://${app}` }
}

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

test('with the emulator the stand-in waits, runs, reports, and its last usage is billed', async () => {
  const objects = await render({}, { ci: 'emulator-values.yaml' })
  const emulator = await startEmulatorProgram()
  const { sidecar, application } = await startPod(objects, emulator)

  await application.printed(/^entitled: the application runs$/m)
  application.signal('SIGTERM')
  const { code, out, err } = await application.ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^usage: 200 \{"result":"accepted"/m)

  sidecar.signal('SIGTERM')
  expect(await sidecar.ended).toMatchObject({ code: 0, err: '' })
  expect(await emulator.records()).toMatchObject([
    { resource: 'AKIAEXAMPLEPOD', region: 'us-east-1', dimension: 'requests', quantity: 1 },
  ])
})

test('with the sources the stand-in counts on its page, and what it counted last is billed', async () => {
  const objects = await render(
    { application: { intervalSeconds: 3600 } },
    { ci: 'sources-values.yaml' },
  )
  const emulator = await startEmulatorProgram()
  const metricsPort = await freePort()
  const { sidecar, application } = await startPod(objects, emulator, {
    metricsPort,
    sidecar: {
      ...imageWith({ route: 'metered', dimensions: sourceDimensions.slice(0, 1) }),
      SIDECAR_SCRAPE_URL: `http://127.0.0.1:${metricsPort}/metrics`,
    },
  })

  await application.printed(/^entitled: the application runs$/m)
  application.signal('SIGTERM')
  const { code, out, err } = await application.ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^scrape: 200 /m)

  sidecar.signal('SIGTERM')
  expect(await sidecar.ended).toMatchObject({ code: 0, err: '' })
  expect(await emulator.records()).toMatchObject([{ dimension: 'requests', quantity: 1 }])
})

test('the pod of a SaaS product meters its customers, and its end closes no hour', async () => {
  const objects = await render({}, { ci: 'saas-values.yaml' })
  const emulator = await startEmulatorProgram()
  const { sidecar, application, app } = await startPod(objects, emulator, {
    sidecar: imageWith({
      route: 'saas',
      region: 'us-east-1',
      customerIds: 'account',
      dimensions: ['requests'],
    }),
  })
  await application.printed(/^entitled: the application runs$/m)
  const headers = { 'content-type': 'application/json' }
  const customer = { method: 'PUT', headers, body: '{"accountId":"123456789012"}' }
  expect((await fetch(`${app}/v1/customers/acme`, customer)).status).toBe(200)
  application.signal('SIGTERM')
  expect((await application.ended).out).toMatch(/^usage: 200 \{"result":"accepted"/m)
  const { open } = (await (await fetch(`${app}/v1/customers/acme`)).json()) as { open: unknown }
  expect(open).toMatchObject([{ dimension: 'requests', quantity: 1 }])

  sidecar.signal('SIGTERM')
  expect(await sidecar.ended).toMatchObject({ code: 0, err: '' })
  expect(await emulator.records()).toEqual([])
})

test('the stand-in stays and says why when the buyer is not entitled', async () => {
  const objects = await render({}, { ci: 'emulator-values.yaml' })
  const emulator = await startEmulatorProgram()
  const settings = { method: 'POST', body: '{"entitled":false}' }
  await fetch(`${emulator.url}/_emulator/settings`, settings)
  const { application } = await startPod(objects, emulator)
  await application.printed(/^not entitled: CustomerNotEntitledException: /m)
  application.signal('SIGTERM')
  expect(await application.ended).toMatchObject({ code: 0, err: '' })
})

test('the settings for the emulator name its service, its port and its product', async () => {
  const objects = await render({}, { ci: 'emulator-values.yaml' })
  const service = only(objects, 'Service')
  const env = envOf(sidecarOf(objects))
  const [port] = service.spec['ports'] as { port: number; targetPort: string }[]
  expect(env['SIDECAR_AWS_ENDPOINT']).toBe(`http://${service.metadata.name}:${port?.port}`)
  const { template } = only(objects, 'Deployment', service.metadata.name).spec as {
    template: { metadata: { labels: object }; spec: { containers: object[] } }
  }
  expect(template.metadata.labels).toEqual(service.spec['selector'])
  expect(template.spec.containers).toMatchObject([
    { ports: [{ name: port?.targetPort, containerPort: 7071 }] },
  ])
})
