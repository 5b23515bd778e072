import { expect, test } from 'vitest'
import { render } from './charts.ts'
import { only, podOf } from './kubernetes-object.ts'

test('the secrets for pulling are written as everyone writes them', async () => {
  const imagePullSecrets = [{ name: 'mine' }]
  const objects = await render({ imagePullSecrets, emulator: { enabled: true } })
  const deployments = objects.filter(({ kind }) => kind === 'Deployment')
  expect(deployments).toHaveLength(2)
  for (const { spec } of deployments)
    expect(spec).toMatchObject({ template: { spec: { imagePullSecrets } } })
})

test('the pods are spread, and a drain of nodes leaves some', async () => {
  const objects = await render({
    replicaCount: 3,
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
      },
    ],
    podDisruptionBudget: { enabled: true, minAvailable: '50%' },
  })
  const { matchLabels } = only(objects, 'Deployment').spec['selector'] as { matchLabels: object }
  expect(podOf(objects).spec).toMatchObject({
    topologySpreadConstraints: [{ maxSkew: 1, labelSelector: { matchLabels } }],
  })
  expect(only(objects, 'PodDisruptionBudget').spec).toEqual({
    minAvailable: '50%',
    selector: { matchLabels },
  })
})

test('another name is part of the names of all objects', async () => {
  const objects = await render({ nameOverride: 'mine' })
  for (const { metadata } of objects) expect(metadata.name).toMatch(/^shop-mine/)
})

test('nothing is rendered that is null', async () => {
  const objects = await render()
  const nulls = (value: unknown, path: string): string[] =>
    value === null
      ? [path]
      : typeof value === 'object'
        ? Object.entries(value).flatMap(([key, each]) => nulls(each, `${path}.${key}`))
        : []
  expect(objects.flatMap((each) => nulls(each, each.kind))).toEqual([])
})
