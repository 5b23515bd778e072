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

test('the product has one by default, and none where the values say so', async () => {
  expect(only(await render(), 'NetworkPolicy').spec['policyTypes']).toEqual(['Ingress', 'Egress'])
  const off = await render({ sidecar: { networkPolicy: { enabled: false } } })
  expect(off.filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([])
})

test('with the emulator it lets the sidecar reach it', async () => {
  const objects = await render({}, { ci: 'emulator-values.yaml' })
  expect(only(objects, 'NetworkPolicy').spec['egress']).toContainEqual({
    ports: [{ port: 7071, protocol: 'TCP' }],
  })
})

test('what the sidecar needs stays open: DNS, HTTPS for metering and STS, its ops port', async () => {
  const { spec } = await policyOf({}, { ops: { port: 9999 } })
  expect(spec).toEqual({
    podSelector: { matchLabels: { 'marketplace-sidecar/release': 'shop' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ port: 9999, protocol: 'TCP' }] }],
    egress: [dns, { ports: [{ port: 443, protocol: 'TCP' }] }],
  })
})

test('it applies to the pods of this release and not to the emulator', async () => {
  const values = { sidecar: { networkPolicy: { enabled: true } }, emulator: { enabled: true } }
  const objects = await render(values)
  expect(podOf(objects).metadata.labels).toMatchObject({ 'marketplace-sidecar/release': 'shop' })
  const { template } = only(objects, 'Deployment', 'marketplace-emulator').spec as {
    template: { metadata: { labels: object } }
  }
  expect(template.metadata.labels).not.toHaveProperty('marketplace-sidecar')
})

test('peers can be restricted, and the application can have additional rules', async () => {
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
