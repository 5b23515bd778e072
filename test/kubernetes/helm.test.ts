import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ciFile, ciFiles, product } from '../chart/charts.ts'
import { root } from '../support/program/program.ts'
import { startApiServer, type ApiServer } from './api-server.ts'

let server: ApiServer
beforeAll(async () => {
  server = await startApiServer()
  for (const kind of ['PodMonitor', 'PrometheusRule'])
    await server.apply(JSON.stringify(definitionOf(kind)), 'apply')
  await server.kubectl(
    'wait',
    '--for=condition=Established',
    ...['podmonitors', 'prometheusrules'].map((plural) => `crd/${plural}.monitoring.coreos.com`),
  )
})
afterAll(() => server.close())

/** The kinds of the Prometheus operator, with any content. test/chart checks them against its schemas. */
function definitionOf(kind: string) {
  const plural = `${kind.toLowerCase()}s`
  const group = 'monitoring.coreos.com'
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: open } }],
    },
  }
}

const nameOf = (file: string) => file.replace('-values.yaml', '')

/** Makes a namespace that admits restricted pods only, with what the controllers of a cluster would put there. */
async function namespace(name: string): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  }
  await server.apply(
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
    'create',
  )
  for (const account of ['default', 'awsmp-service-account'])
    await server.kubectl('create', 'serviceaccount', account, '--namespace', name)
}

interface Workload {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } }
}

async function workloads(space: string): Promise<readonly Workload[]> {
  const kinds = 'deployments,statefulsets'
  const text = await server.kubectl('get', kinds, '--namespace', space, '--output', 'json')
  return (JSON.parse(text) as { items: readonly Workload[] }).items
}

/** The controllers would make the pods; here the test does, so that admission judges them. */
async function expectPodsAdmitted(space: string): Promise<void> {
  const found = await workloads(space)
  expect(found.length).toBeGreaterThan(0)
  for (const { metadata, spec } of found) {
    const { metadata: pod, spec: content } = spec.template
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...pod, name: `${metadata.name}-probe` },
      spec: withVolumes(content),
    }
    const flags = ['create', '--dry-run=server', '--namespace', space]
    const out = await server.apply(JSON.stringify(manifest), ...flags)
    expect(out).toContain('created (server dry run)')
  }
}

/** A StatefulSet adds the volumes of its claims to each pod. */
function withVolumes(content: object): object {
  const { volumes = [], ...rest } = content as { volumes?: { name: string }[] }
  const isThere = volumes.some(({ name }) => name === 'marketplace-sidecar-data')
  const claim = { claimName: 'marketplace-sidecar-data-shop-0' }
  const own = { name: 'marketplace-sidecar-data', persistentVolumeClaim: claim }
  return { ...rest, volumes: isThere ? volumes : [...volumes, own] }
}

const pairs = ciFiles.flatMap((from) =>
  ciFiles.filter((to) => to !== from).map((to) => [nameOf(from), nameOf(to)] as const),
)
const values = (name: string) => ['--values', ciFile(`${name}-values.yaml`)]

describe('on an API server that enforces the restricted profile', () => {
  test.each(pairs)('%s is installed, upgraded to %s, and rolled back', async (from, to) => {
    const space = `${from}-to-${to}`
    await namespace(space)
    const inSpace = ['--namespace', space]
    await server.helm('install', 'shop', product, ...values(from), ...inSpace)
    await expectPodsAdmitted(space)
    const before = await workloads(space)
    await server.helm('upgrade', 'shop', product, ...values(to), ...inSpace)
    await expectPodsAdmitted(space)
    await server.helm('rollback', 'shop', '1', ...inSpace)
    await expectPodsAdmitted(space)
    const after = await workloads(space)
    expect(after.map(({ spec }) => spec.template)).toEqual(before.map(({ spec }) => spec.template))
  })

  test('another size of a claim is refused, until the StatefulSet is removed without its pods', async () => {
    await namespace('resized')
    const inSpace = ['--namespace', 'resized']
    const file = values('claim-template')
    await server.helm('install', 'shop', product, ...file, ...inSpace)
    const larger = ['--set-string', 'sidecar.data.size=4Gi']
    const upgrade = () => server.helm('upgrade', 'shop', product, ...file, ...larger, ...inSpace)
    await expect(upgrade()).rejects.toThrow(/updates to statefulset spec .* are forbidden/)
    await server.kubectl(
      'delete',
      'statefulset',
      'shop-example-product',
      // Not orphan, which waits for a controller that does not run here. There are no pods.
      '--cascade=background',
      ...inSpace,
    )
    expect(await upgrade()).toContain('STATUS: deployed')
  })

  test('a pod that is not restricted is refused, so the tests above say something', async () => {
    await namespace('refusing')
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image: 'example' }] },
    }
    const flags = ['create', '--dry-run=server', '--namespace', 'refusing']
    await expect(server.apply(JSON.stringify(pod), ...flags)).rejects.toThrow(/restricted/)
  })

  test('the plain manifest is applied, twice, and its pod is admitted', async () => {
    await namespace('plain')
    const file = join(root, 'deploy/kubernetes.yaml')
    const apply = () =>
      server.kubectl('apply', '--server-side', '--namespace', 'plain', '--filename', file)
    expect(await apply()).toContain('deployment.apps/my-product serverside-applied')
    expect(await apply()).toContain('serverside-applied')
    await expectPodsAdmitted('plain')
  })
})
