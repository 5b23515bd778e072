import { expect, test } from 'vitest'
import { render } from './charts.ts'
import { only, podOf } from './kubernetes-object.ts'

const policyOf = async (values: object, sidecar: object = {}) =>
  only(
    await render({ sidecar: { ...sidecar, networkPolicy: { enabled: true, ...values } } }),
    'NetworkPolicy',
  )

const dns = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
}

test('there is none unless it is asked for', async () => {
  expect((await render()).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([])
})

test('what the sidecar needs stays open: names, HTTPS for metering and STS, its ops port', async () => {
  const { spec } = await policyOf({}, { ops: { port: 9999 } })
  expect(spec).toEqual({
    podSelector: { matchLabels: { 'marketplace-sidecar': 'shop' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ port: 9999, protocol: 'TCP' }] }],
    egress: [dns, { ports: [{ port: 443, protocol: 'TCP' }] }],
  })
})

test('it holds for the pods of this release and not for the emulator', async () => {
  const values = { sidecar: { networkPolicy: { enabled: true } }, emulator: { enabled: true } }
  const objects = await render(values)
  expect(podOf(objects).metadata.labels).toMatchObject({ 'marketplace-sidecar': 'shop' })
  const { template } = only(objects, 'Deployment', 'marketplace-emulator').spec as {
    template: { metadata: { labels: object } }
  }
  expect(template.metadata.labels).not.toHaveProperty('marketplace-sidecar')
})

test('peers can be narrowed, and the application has rules of its own', async () => {
  const opsFrom = [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }]
  const httpsTo = [{ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.1.0/24'] } }]
  const extraIngress = [{ ports: [{ port: 8080, protocol: 'TCP' }] }]
  const extraEgress = [{ to: [{ podSelector: {} }], ports: [{ port: 5432, protocol: 'TCP' }] }]
  const { spec } = await policyOf({ opsFrom, httpsTo, extraIngress, extraEgress })
  expect(spec['ingress']).toEqual([
    { ports: [{ port: 9464, protocol: 'TCP' }], from: opsFrom },
    ...extraIngress,
  ])
  expect(spec['egress']).toEqual([
    dns,
    { ports: [{ port: 443, protocol: 'TCP' }], to: httpsTo },
    ...extraEgress,
  ])
})
