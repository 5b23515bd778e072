import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { library, render } from './charts.ts'
import { kindsOf, only, podOf, sidecarOf, type KubernetesObject } from './kubernetes-object.ts'

const own = 'shop-example-product-marketplace-sidecar'
const monitoring = (values: object) => render({ sidecar: { monitoring: values } })
const file = (name: string) => readFileSync(join(library, 'files', name), 'utf8')

test('by default the chart makes only what runs', async () => {
  const objects = await render()
  expect(kindsOf(objects)).toEqual(['ConfigMap', 'Deployment', 'NetworkPolicy', 'ServiceAccount'])
  expect(podOf(objects).metadata.annotations).toBeUndefined()
})

test('a Prometheus without the operator finds the ops port through annotations', async () => {
  const sidecar = { monitoring: { annotations: true }, ops: { port: 9999 } }
  const objects = await render({ sidecar, podAnnotations: { team: 'a' } })
  expect(podOf(objects).metadata.annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '9999',
    'prometheus.io/path': '/metrics',
    team: 'a',
  })
})

test('the PodMonitor scrapes the ops port of the pods of this release', async () => {
  const podMonitor = { enabled: true, interval: '15s', labels: { release: 'prometheus' } }
  const objects = await monitoring({ podMonitor })
  const monitor = only(objects, 'PodMonitor')
  expect(monitor).toMatchObject({
    apiVersion: 'monitoring.coreos.com/v1',
    metadata: { name: own, labels: { release: 'prometheus' } },
  })
  expect(monitor.spec).toEqual({
    selector: { matchLabels: { 'marketplace-sidecar/release': 'shop' } },
    podMetricsEndpoints: [
      { port: sidecarOf(objects).ports?.[0]?.name, path: '/metrics', interval: '15s' },
    ],
  })
  expect(podOf(objects).metadata.labels).toMatchObject({ 'marketplace-sidecar/release': 'shop' })
})

test('the PrometheusRule has the alerts, with the templates for Prometheus and without links that lead nowhere', async () => {
  const prometheusRule = { enabled: true, labels: { release: 'prometheus' } }
  const rule = only(await monitoring({ prometheusRule }), 'PrometheusRule')
  expect(rule.metadata).toMatchObject({ name: own, labels: { release: 'prometheus' } })
  const alerts = file('alerts.yaml')
  expect(alerts).toContain('runbook_url: docs/operate/')
  expect(rule.spec).toEqual(parse(alerts.replaceAll('runbook_url: docs/', 'runbook: docs/')))
})

test('the alerts and the dashboard name pages where they are published', async () => {
  const objects = await render({
    sidecar: {
      settings: { SIDECAR_DOCS_URL: 'https://example.com/docs/' },
      monitoring: { prometheusRule: { enabled: true }, dashboard: { enabled: true } },
    },
  })
  const text = JSON.stringify(only(objects, 'PrometheusRule').spec)
  expect(text).toContain('"runbook_url":"https://example.com/docs/operate/symptoms/grace.md"')
  expect(text).not.toContain('"docs/')
  const dashboard = only(objects, 'ConfigMap', own).data?.['marketplace-sidecar.json']
  expect(dashboard).toContain('"url": "https://example.com/docs/operate/runbook.md"')
  expect(dashboard).not.toContain('"docs/')
})

test('the ConfigMap has the dashboard without links that lead nowhere, and a label for Grafana', async () => {
  const dashboard = { enabled: true, annotations: { grafana_folder: 'AWS' } }
  const config = only(await monitoring({ dashboard }), 'ConfigMap', own)
  expect(config.metadata).toMatchObject({
    labels: { grafana_dashboard: '1' },
    annotations: { grafana_folder: 'AWS' },
  })
  const shown = JSON.parse(config.data?.['marketplace-sidecar.json'] ?? '') as unknown
  expect(shown).toEqual(withoutLinks(JSON.parse(file('dashboard.json')) as object))
  expect(JSON.stringify(shown)).not.toContain('"docs/')
})

test('the values switch on each object separately', async () => {
  const before = kindsOf(await render())
  const added = async (values: object) => without(await monitoring(values), before)
  expect(await added({ podMonitor: { enabled: true } })).toEqual(['PodMonitor'])
  expect(await added({ prometheusRule: { enabled: true } })).toEqual(['PrometheusRule'])
  expect(await added({ dashboard: { enabled: true } })).toEqual(['ConfigMap'])
})

function withoutLinks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLinks)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'links' ? [] : withoutLinks(each)]),
  )
}

function without(objects: readonly KubernetesObject[], kinds: readonly string[]): string[] {
  const left = kindsOf(objects)
  for (const kind of kinds) left.splice(left.indexOf(kind), 1)
  return left
}
