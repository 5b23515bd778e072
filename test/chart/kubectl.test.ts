import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubectlPath } from '../../scripts/tools/chart-tools.ts'
import { ciFiles, parseObjects, render, renderText } from './charts.ts'
import { only, type KubernetesObject, type Pod } from './kubernetes-object.ts'

// Without a cluster kubectl cannot create or apply, not even as a dry run: it asks the server for the kinds.
let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'kubectl-'))
})
afterAll(() => rm(work, { recursive: true }))

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await kubectlPath(), args, {
    env: { HOME: work, KUBECONFIG: join(work, 'none') },
  })
  return stdout
}

test.each(ciFiles)(
  'kubectl reads the objects of %s with its own types and loses nothing',
  async (name) => {
    const workloads = (await render({}, { ci: name })).filter(({ kind }) =>
      ['Deployment', 'StatefulSet'].includes(kind),
    )
    expect(workloads).not.toEqual([])
    for (const workload of workloads) {
      const file = join(work, 'workload.json')
      await writeFile(file, JSON.stringify(workload))
      const [typed] = parseObjects(await kubectl('set', 'serviceaccount', ...local(file), 'buyer'))
      expect(typed).toMatchObject(withServiceAccount(workload, 'buyer'))
    }
  },
)

test('kubectl refuses a workload with a field of the wrong type', async () => {
  const text = await renderText()
  const file = join(work, 'wrong.yaml')
  await writeFile(file, text.replace('containerPort: 9464', "containerPort: '9464'"))
  await expect(kubectl('set', 'serviceaccount', ...local(file), 'x')).rejects.toThrow(
    /containerPort/,
  )
})

test('a buyer can change the result with kustomize, and no two objects have the same name', async () => {
  const ci = 'monitoring-values.yaml'
  await writeFile(join(work, 'all.yaml'), await renderText({}, { ci }))
  const patch = [{ op: 'replace', path: '/spec/replicas', value: 3 }]
  await writeFile(
    join(work, 'kustomization.yaml'),
    JSON.stringify({
      resources: ['all.yaml'],
      namespace: 'bought',
      patches: [{ target: { kind: 'Deployment' }, patch: JSON.stringify(patch) }],
    }),
  )
  const objects = parseObjects(await kubectl('kustomize', work))
  expect(objects).toHaveLength((await render({}, { ci })).length)
  expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['bought']))
  expect(only(objects, 'Deployment').spec['replicas']).toBe(3)
})

const local = (file: string) => ['--local', '--output', 'json', '--filename', file]

/** Leaves out empty lists and maps, as kubectl does. */
function withServiceAccount(workload: KubernetesObject, serviceAccountName: string): object {
  const pod = template(workload)
  const spec = { ...pod.spec, serviceAccountName }
  const changed = { ...workload, spec: { ...workload.spec, template: { ...pod, spec } } }
  const text = JSON.stringify(changed, (_, value: unknown) => (isEmpty(value) ? undefined : value))
  return JSON.parse(text)
}

const template = ({ spec }: KubernetesObject) => spec['template'] as Pod

const isEmpty = (value: unknown) =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)
