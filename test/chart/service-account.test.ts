import { expect, test } from 'vitest'
import { render } from './charts.ts'
import { only, podOf } from './kubernetes-object.ts'

test('the chart makes an account with the name of the release, and the pod runs under it', async () => {
  const objects = await render()
  expect(only(objects, 'ServiceAccount').metadata.name).toBe('shop-example-product')
  expect(podOf(objects).spec.serviceAccountName).toBe('shop-example-product')
})

test('an account can have another name and an IAM role', async () => {
  const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/r' }
  const objects = await render({ serviceAccount: { name: 'seller', annotations } })
  expect(only(objects, 'ServiceAccount').metadata).toMatchObject({ name: 'seller', annotations })
  expect(podOf(objects).spec.serviceAccountName).toBe('seller')
})

test('the name that AWS Marketplace fills in reaches the pod, whether AWS Marketplace makes the account or not', async () => {
  const name = '${AWSMP_SERVICE_ACCOUNT}'
  const made = await render({ serviceAccount: { name } })
  expect(podOf(made).spec.serviceAccountName).toBe(name)
  expect(only(made, 'ServiceAccount').metadata.name).toBe(name)
  const used = await render({ serviceAccount: { create: false, name } })
  expect(podOf(used).spec.serviceAccountName).toBe(name)
  expect(used.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([])
})

test('no container gets a token for the Kubernetes API', async () => {
  const objects = await render()
  expect(only(objects, 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false })
  expect(podOf(objects).spec).toMatchObject({ automountServiceAccountToken: false })
})

test.each([
  'a-release-with-a-name-as-long-as-helm-lets-it-be-53ch',
  'a-release-with-the-chart-in-its-name-example-product5',
  'a-release-that-is-cut-where-it-has-dashes----5',
  'a-release-that-is-cut-where-it-has-a-dots.5',
])('a long release name is cut to what Kubernetes accepts: %s', async (release) => {
  const sidecar = { networkPolicy: { enabled: true } }
  const objects = await render({ sidecar }, { release })
  const names = objects.map(({ metadata }) => metadata.name)
  expect(names.filter((name) => !/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/.test(name))).toEqual([])
})

test('a release that is named after the product does not repeat the name', async () => {
  const objects = await render({}, { release: 'my-example-product' })
  expect(only(objects, 'ServiceAccount').metadata.name).toBe('my-example-product')
})
