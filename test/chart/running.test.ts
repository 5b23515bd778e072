import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  Program,
  startEmulatorProgram,
  startProgram,
  temporaryDirectory,
  type EmulatorProgram,
} from '../support/program/program.ts'
import { render } from './charts.ts'
import { envOf, only, podOf, sidecarOf, type KubernetesObject } from './kubernetes-object.ts'

/** Returns what the cluster would start, with the addresses of this machine. */
async function startPod(objects: readonly KubernetesObject[], emulator: EmulatorProgram) {
  const directory = temporaryDirectory()
  const sidecar = startProgram(['run'], {
    ...envOf(sidecarOf(objects)),
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
    SIDECAR_URL: `http://${app}`,
  })
  onTestFinished(() => application.killAll())
  return { sidecar, application }
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
