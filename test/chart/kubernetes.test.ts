import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { pythonPath } from '../../scripts/chart-tools.ts'
import { ciFiles, render, type Values } from './charts.ts'
import type { KubernetesObject } from './kubernetes-object.ts'

/** The oldest version that each form runs on, and the newest that there are schemas of. */
const versions = { native: '1.29', classic: '1.25', newest: '1.37' }

/** Everything that the values can ask for. */
const everything: Values = {
  emulator: { enabled: true },
  sidecar: {
    monitoring: {
      annotations: true,
      podMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    },
    networkPolicy: { enabled: true },
  },
}

async function mistakes(
  checked: readonly string[],
  objects: readonly KubernetesObject[],
): Promise<string[]> {
  const program = fileURLToPath(new URL('python/check_objects.py', import.meta.url))
  const child = spawn(await pythonPath(), [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify({ versions: checked, objects }))
  return JSON.parse(await text(child.stdout))
}

describe.each(ciFiles)('what %s makes', (name) => {
  const form = name.startsWith('classic') ? 'classic' : 'native'
  let objects: KubernetesObject[]
  beforeAll(async () => {
    objects = await render({}, { ci: name, kubeVersion: versions[form] })
  })

  test('is right for the oldest and the newest Kubernetes, without a field that they do not know', async () => {
    expect(objects).not.toEqual([])
    expect(await mistakes([versions[form], versions.newest], objects)).toEqual([])
  })

  test('is the same for the newest Kubernetes', async () => {
    expect(await render({}, { ci: name, kubeVersion: versions.newest })).toEqual(objects)
  })
})

test.each(['native', 'classic'] as const)('everything at once is right, %s', async (form) => {
  const sidecar = { ...(everything['sidecar'] as object), form }
  const data = { type: 'claimTemplate', storageClassName: 'gp3' }
  const objects = await render(
    { ...everything, sidecar: { ...sidecar, data } },
    { kubeVersion: versions[form] },
  )
  expect(new Set(objects.map(({ kind }) => kind))).toEqual(
    new Set([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PodMonitor',
      'PrometheusRule',
      'Service',
      'ServiceAccount',
      'StatefulSet',
    ]),
  )
  expect(await mistakes([versions[form], versions.newest], objects)).toEqual([])
})

test('the check sees what is wrong: a field from the future, an unknown one, one of another type', async () => {
  const objects = await render(everything)
  expect(await mistakes(['1.27'], objects)).toEqual([
    expect.stringMatching(/1\.27 Deployment shop-example-product: .*'restartPolicy'/),
  ])
  for (const kind of ['Service', 'NetworkPolicy', 'PodMonitor', 'PrometheusRule']) {
    const wrong = objects
      .filter((object) => object.kind === kind)
      .map((object) => ({ ...object, spec: { ...object.spec, unheardOf: 1 } }))
    expect(await mistakes([versions.newest], wrong), kind).toHaveLength(1)
  }
})
