import { expect, test } from 'vitest'
import { render, renderText, type Values } from './charts.ts'

const sidecar = (values: object): Values => ({ sidecar: values })

test.each<[string, Values, RegExp]>([
  ['an unknown value', { aplication: {} }, /'aplication' not allowed/],
  [
    'an unknown value of the sidecar',
    sidecar({ foo: 1 }),
    /sidecar:\n- at '': .*'foo' not allowed/,
  ],
  ['an unknown nested value', sidecar({ image: { tga: 'x' } }), /'tga' not allowed/],
  ['a tag that is a number', sidecar({ image: { tag: 1 } }), /tag': got number, want string/],
  [
    'the tag latest',
    sidecar({ image: { tag: 'latest' } }),
    /sidecar\.image\.tag is latest, which AWS/,
  ],
  [
    'two pods on one claim',
    { replicaCount: 2, sidecar: { data: { type: 'existingClaim', claimName: 'mine' } } },
    /existingClaim is for one pod/,
  ],
  [
    'the tag latest of the application',
    { application: { image: { tag: 'latest' } } },
    /application\.image\.tag is latest, which AWS/,
  ],
  ['no registry', sidecar({ image: { registry: '' } }), /sidecar\.image\.registry is missing/],
  [
    'no repository',
    sidecar({ image: { repository: '' } }),
    /sidecar\.image\.repository is missing/,
  ],
  ['no tag', sidecar({ image: { tag: '' } }), /sidecar\.image\.tag is missing/],
  ['a registry with a path', sidecar({ image: { registry: 'a/b' } }), /\/image\/registry/],
  ['an unknown form', sidecar({ form: 'modern' }), /\/form/],
  [
    'a route without a product',
    sidecar({ settings: { SIDECAR_ROUTE: 'metered' } }),
    /PRODUCT_CODE/,
  ],
  [
    'dimensions without a route',
    sidecar({ settings: { SIDECAR_PRODUCT_CODE: 'x', SIDECAR_DIMENSIONS: 'a' } }),
    /'SIDECAR_ROUTE'/,
  ],
  [
    'a setting among the other variables',
    sidecar({ env: { SIDECAR_REGION: 'x' } }),
    /invalid propertyName 'SIDECAR_REGION'/,
  ],
  [
    'a setting of the wrong type',
    sidecar({ settings: { SIDECAR_ZERO_RECORDS: 'yes' } }),
    /boolean/,
  ],
  [
    'a loopback address for the kubelet',
    sidecar({ ops: { host: '127.0.0.1' } }),
    /sidecar\.ops\.host is 127\.0\.0\.1, where the kubelet/,
  ],
  ['the same of IPv6', sidecar({ ops: { host: '[::1]' } }), /ops\.host is \[::1\], where/],
  ['a privileged port', sidecar({ ops: { port: 80 } }), /\/ops\/port/],
  ['an IPv6 address without brackets', sidecar({ ops: { host: '::' } }), /\/ops\/host/],
  ['a name that the kubelet cannot reach', sidecar({ ops: { host: 'localhost' } }), /ops\/host/],
  ['a size without a unit', sidecar({ data: { size: '100' } }), /\/data\/size/],
  [
    'a claim without a name',
    sidecar({ data: { type: 'existingClaim' } }),
    /sidecar\.data\.claimName is needed/,
  ],
  [
    'an unknown field of a network peer',
    sidecar({ networkPolicy: { opsFrom: [{ ipblock: {} }] } }),
    /'ipblock' not allowed/,
  ],
  [
    'an existing service account without a name',
    { serviceAccount: { create: false } },
    /serviceAccount\.name is needed/,
  ],
  [
    'a label of the pod that the chart sets',
    { podLabels: { 'marketplace-sidecar/release': 'other' } },
    /podLabels has marketplace-sidecar\/release, which the chart sets itself: remove it/,
  ],
  [
    'an annotation of the pod that the chart sets',
    {
      podAnnotations: { 'prometheus.io/port': '1' },
      sidecar: { monitoring: { annotations: true } },
    },
    /podAnnotations has prometheus\.io\/port, which the chart sets itself/,
  ],
  ...['podMonitor', 'prometheusRule', 'dashboard'].map((name): [string, Values, RegExp] => [
    `a label of the ${name} that the chart sets`,
    sidecar({
      monitoring: { [name]: { enabled: true, labels: { 'app.kubernetes.io/name': 'x' } } },
    }),
    new RegExp(`sidecar\\.monitoring\\.${name}\\.labels has app\\.kubernetes\\.io/name, which`),
  ]),
  [
    'a selector of a spread constraint, which the chart sets',
    { topologySpreadConstraints: [{ topologyKey: 'zone', labelSelector: {} }] },
    /topologySpreadConstraints has labelSelector, which the chart sets itself/,
  ],
  [
    'a variable of the application that the chart sets',
    { application: { env: { USAGE_DIMENSION: 'x' } } },
    /application\.env has USAGE_DIMENSION, which application\.dimension/,
  ],
])('%s is refused', async (_, values, message) => {
  await expect(render(values)).rejects.toThrow(message)
})

test('a native sidecar is refused by a cluster that would wait indefinitely for its end', async () => {
  await expect(render({}, { kubeVersion: '1.28.9' })).rejects.toThrow(
    /set sidecar\.form to classic/,
  )
  await expect(render({}, { kubeVersion: 'v1.29.0-eks-1a2b3c' })).resolves.not.toEqual([])
  const classic = { sidecar: { form: 'classic' } }
  await expect(render(classic, { kubeVersion: '1.25.0' })).resolves.not.toEqual([])
  await expect(render(classic, { kubeVersion: '1.24.9' })).rejects.toThrow(/incompatible/)
})

test('a tag on the command line needs --set-string', async () => {
  await expect(renderText({}, { args: ['--set', 'sidecar.image.tag=1'] })).rejects.toThrow(
    /got number, want string/,
  )
  const text = await renderText({}, { args: ['--set-string', 'sidecar.image.tag=1'] })
  expect(text).toContain('/seller/marketplace-sidecar:1\n')
})

test('a StatefulSet is refused under a name with a dot, whose pods Kubernetes cannot create', async () => {
  const release = 'shop-1.5'
  const claims = sidecar({ data: { type: 'claimTemplate' } })
  await expect(render(claims, { release })).rejects.toThrow(
    /"shop-1\.5-example-product" has a dot.*release name without one/,
  )
  await expect(render({}, { release })).resolves.not.toEqual([])
})
