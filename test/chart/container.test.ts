import { expect, test } from 'vitest'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { library, readValues, render } from './charts.ts'
import { envOf, podOf, sidecarOf } from './kubernetes-object.ts'

const defaultOf = (name: (typeof settingsTable)[number]['name']) =>
  settingsTable.find((setting) => setting.name === name)?.default
const names = (containers: readonly { name: string }[] | null) =>
  containers?.map(({ name }) => name)

test('the native sidecar is an init container with restartPolicy Always', async () => {
  const { initContainers, containers } = podOf(await render()).spec
  expect(names(initContainers)).toEqual(['marketplace-sidecar'])
  expect(initContainers?.[0]?.restartPolicy).toBe('Always')
  expect(names(containers)).toEqual(['application'])
})

test('the classic sidecar is an ordinary container, before the application', async () => {
  const { initContainers, containers } = podOf(await render({ sidecar: { form: 'classic' } })).spec
  expect(initContainers).toBeUndefined()
  expect(names(containers)).toEqual(['marketplace-sidecar', 'application'])
  expect(containers[0]).not.toHaveProperty('restartPolicy')
})

test('both forms are the same container', async () => {
  const { restartPolicy, ...native } = sidecarOf(await render())
  const classic = sidecarOf(await render({ sidecar: { form: 'classic' } }))
  expect({ ...classic, env: [] }).toEqual({ ...native, env: [] })
  expect(restartPolicy).toBe('Always')
})

test('the sidecar runs without rights and with a read-only root file system', async () => {
  const objects = await render()
  expect(sidecarOf(objects).securityContext).toEqual({
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  })
  expect(podOf(objects).spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: 65532 })
})

test('the probes ask the ops port, and liveness does not ask for readiness', async () => {
  const sidecar = sidecarOf(await render())
  expect(sidecar.ports).toEqual([{ name: 'sidecar-ops', containerPort: 9464 }])
  const port = 'sidecar-ops'
  expect(sidecar.startupProbe).toMatchObject({ httpGet: { path: '/livez', port } })
  expect(sidecar.livenessProbe.httpGet).toEqual({ path: '/livez', port })
  expect(sidecar.lifecycle).toEqual({ preStop: { httpGet: { path: '/prestop', port } } })
  expect(sidecar.readinessProbe.httpGet).toEqual({ path: '/readyz', port })
  expect(envOf(sidecar)).toEqual({
    SIDECAR_OPS_LISTEN: defaultOf('SIDECAR_OPS_LISTEN'),
    SIDECAR_DATA_LIMIT: '1Gi',
  })
})

test('the pod gives the sidecar its uid, which identifies the ledger', async () => {
  expect(sidecarOf(await render()).env).toContainEqual({
    name: 'SIDECAR_POD_UID',
    valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } },
  })
})

test('one value sets both the ops listener and its port', async () => {
  const sidecar = sidecarOf(await render({ sidecar: { ops: { host: '[::]', port: 9999 } } }))
  expect(envOf(sidecar)).toEqual({ SIDECAR_OPS_LISTEN: '[::]:9999', SIDECAR_DATA_LIMIT: '1Gi' })
  expect(sidecar.ports).toEqual([{ name: 'sidecar-ops', containerPort: 9999 }])
})

test('the values name the image', async () => {
  const image = { registry: 'r.example', repository: 'a/b', tag: '7', pullPolicy: 'Always' }
  expect(sidecarOf(await render({ sidecar: { image } }))).toMatchObject({
    image: 'r.example/a/b:7',
    imagePullPolicy: 'Always',
  })
})

test('resources have the defaults or what the values set', async () => {
  expect(sidecarOf(await render()).resources).toEqual(readValues(library)['resources'])
  const resources = { limits: { memory: '512Mi' } }
  expect(sidecarOf(await render({ sidecar: { resources } })).resources).toEqual({
    limits: { memory: '512Mi' },
    requests: { cpu: '25m', memory: '128Mi' },
  })
})

test('additional mounts and variables are added to those of the chart', async () => {
  const mount = { name: 'token', mountPath: '/run/token', readOnly: true }
  const sidecar = sidecarOf(
    await render({
      sidecar: {
        volumeMounts: [mount],
        env: { NODE_EXTRA_CA_CERTS: '/etc/ca/ca.pem' },
        settings: { SIDECAR_API_TOKEN_FILE: '/run/token/it' },
      },
    }),
  )
  expect(sidecar.volumeMounts).toEqual([
    { name: 'marketplace-sidecar-data', mountPath: defaultOf('SIDECAR_DATA_DIR') },
    mount,
  ])
  expect(envOf(sidecar)).toMatchObject({
    NODE_EXTRA_CA_CERTS: '/etc/ca/ca.pem',
    SIDECAR_API_TOKEN_FILE: '/run/token/it',
  })
})
