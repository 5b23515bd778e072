import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { readPage } from '../docs/page.ts'
import { root } from '../support/program/program.ts'
import { ciFile, helm, product, render } from './charts.ts'
import { envOf, only, podOf, sidecarOf } from './kubernetes-object.ts'

const ledgerFile = { ci: 'saas-values.yaml' }
const database = { ci: 'saas-postgresql-values.yaml' }

test('with a ledger in a file there is one pod, and the old one releases the claim first', async () => {
  const objects = await render({}, ledgerFile)
  expect(only(objects, 'Deployment').spec).toMatchObject({
    replicas: 1,
    strategy: { type: 'Recreate' },
  })
  expect(podOf(objects).spec.volumes).toContainEqual({
    name: 'marketplace-sidecar-data',
    persistentVolumeClaim: { claimName: 'ledger' },
  })
  await expect(render({ replicaCount: 2 }, ledgerFile)).rejects.toThrow(
    'sidecar.data.type existingClaim is for one pod',
  )
})

test('with PostgreSQL there are several pods, and the database can be reached', async () => {
  const objects = await render({}, database)
  expect(only(objects, 'Deployment').spec).toMatchObject({
    replicas: 2,
    strategy: { type: 'RollingUpdate' },
  })
  expect(envOf(sidecarOf(objects))).toHaveProperty('SIDECAR_DATABASE_URL_FILE')
  expect(only(objects, 'NetworkPolicy').spec['egress']).toContainEqual({
    ports: [{ port: 5432, protocol: 'TCP' }],
  })
})

test('both have the role of the seller', async () => {
  for (const options of [ledgerFile, database]) {
    const { metadata } = only(await render({}, options), 'ServiceAccount')
    expect(metadata.annotations).toHaveProperty('eks.amazonaws.com/role-arn')
  }
})

test('the page makes the claim that the values name, and installs with both files', async () => {
  const page = readPage('guides/saas.md')
  const [, text = ''] =
    /```yaml\n(apiVersion: v1\nkind: PersistentVolumeClaim\n[^]*?)```/.exec(page) ?? []
  const claim = parse(text) as { metadata: { name: string }; spec: object }
  const values = parse(readFileSync(ciFile(ledgerFile.ci), 'utf8')) as {
    sidecar: { data: { claimName: string } }
  }
  expect(claim.metadata.name).toBe(values.sidecar.data.claimName)
  expect(claim.spec).toMatchObject({ accessModes: ['ReadWriteOncePod'] })
  const installed = [...page.matchAll(/^helm install (.*)$/gm)].map(([, line = '']) => line)
  expect(installed).toHaveLength(2)
  for (const line of installed) {
    const args = line.split(' ').map((each) => (each.startsWith('helm/') ? join(root, each) : each))
    expect(args).toContain(product)
    await expect(helm('template', ...args)).resolves.toContain('kind: Deployment')
  }
})

test('a source is named to the sidecar, and the sidecar to the application', async () => {
  const objects = await render({}, { ci: 'sources-values.yaml' })
  const [application] = podOf(objects).spec.containers
  if (application === undefined) throw new Error('the pod does not have an application')
  const { METRICS_PORT, ...env } = envOf(application)
  expect(envOf(sidecarOf(objects))).toMatchObject({
    SIDECAR_SCRAPE_URL: `http://127.0.0.1:${METRICS_PORT}/metrics`,
  })
  const listen = settingsTable.find(({ name }) => name === 'SIDECAR_LISTEN')?.default
  const [, port] = listen?.split(':') ?? []
  expect(env).toMatchObject({
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://localhost:${port}/v1/metrics`,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
  })
})
