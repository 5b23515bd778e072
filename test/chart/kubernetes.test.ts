import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pythonPath } from '../../scripts/tools/chart-tools.ts'
import { ciFiles, library, product, render, type Values } from './charts.ts'
import type { KubernetesObject } from './kubernetes-object.ts'

/** The oldest version that each form runs on, and the newest with schemas. */
const oldest = { native: '1.29', classic: '1.25' }
const newest = '1.37'

interface Job {
  readonly name: string
  readonly versions: readonly string[]
  readonly objects: readonly KubernetesObject[]
}

/** Returns the faults that the schemas of Kubernetes and the Prometheus operator find. */
async function mistakesOf(jobs: readonly Job[]): Promise<string[]> {
  const program = fileURLToPath(new URL('python/check_objects.py', import.meta.url))
  const child = spawn(await pythonPath(), [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(jobs))
  return JSON.parse(await text(child.stdout))
}

/** Values that switch on everything. */
const everything = (form: keyof typeof oldest): Values => ({
  emulator: { enabled: true },
  sidecar: {
    form,
    data: { type: 'claimTemplate', storageClassName: 'gp3' },
    volumeMounts: [{ name: 'token', mountPath: '/run/token', readOnly: true }],
    monitoring: {
      annotations: true,
      podMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    },
    networkPolicy: { enabled: true },
  },
})

test('both charts allow every version from the oldest on', () => {
  for (const chart of [library, product]) {
    const metadata = readFileSync(join(chart, 'Chart.yaml'), 'utf8')
    expect(metadata).toContain(`\nkubeVersion: '>=${oldest.classic}.0-0'\n`)
  }
})

test('the objects of each values file are valid for the oldest and the newest Kubernetes', async () => {
  const jobs = await Promise.all(
    ciFiles.map(async (name) => {
      const version = name.startsWith('classic') ? oldest.classic : oldest.native
      const objects = await render({}, { ci: name, kubeVersion: version })
      expect(objects.length, name).toBeGreaterThan(1)
      return { name, versions: [version, newest], objects }
    }),
  )
  expect(await mistakesOf(jobs)).toEqual([])
})

test('everything at once is valid in both forms', async () => {
  const forms = ['native', 'classic'] as const
  const jobs = await Promise.all(
    forms.map(async (form) => ({
      name: form,
      versions: [oldest[form], newest],
      objects: await render(everything(form), { kubeVersion: oldest[form] }),
    })),
  )
  for (const { objects } of jobs) {
    expect([...new Set(objects.map(({ kind }) => kind))].toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PodMonitor',
      'PrometheusRule',
      'Service',
      'ServiceAccount',
      'StatefulSet',
    ])
  }
  expect(await mistakesOf(jobs)).toEqual([])
})

test('names that YAML would read as numbers stay text', async () => {
  const names = { release: '1e5', args: ['--namespace', '123', '--kube-version', newest] }
  const data = (values: Values): Values => ({
    sidecar: { ...values, networkPolicy: { enabled: true } },
  })
  const variants: readonly Values[] = [
    { ...everything('native'), nameOverride: 'e', podDisruptionBudget: { enabled: true } },
    data({ data: { type: 'claimTemplate', storageClassName: '7' } }),
    data({ data: { type: 'existingClaim', claimName: '8' } }),
    { ...data({ database: { existingSecret: '9', key: '10' } }), serviceAccount: { name: '11' } },
  ]
  const jobs = await Promise.all(
    variants.map(async (values, index) => ({
      name: String(index),
      versions: [newest],
      objects: await render(values, names),
    })),
  )
  expect(await mistakesOf(jobs)).toEqual([])
})

test('every version gives the same objects', async () => {
  for (const form of ['native', 'classic'] as const) {
    const values = everything(form)
    expect(await render(values, { kubeVersion: newest })).toEqual(
      await render(values, { kubeVersion: oldest[form] }),
    )
  }
})

test('the check reports a field of a later version and unknown fields', async () => {
  const objects = await render(everything('native'))
  const kinds = ['Service', 'NetworkPolicy', 'PodMonitor', 'PrometheusRule', 'StatefulSet']
  const wrong = objects
    .filter(({ kind }) => kinds.includes(kind))
    .map((object) => ({ ...object, spec: { ...object.spec, unheardOf: 1 } }))
  const mistakes = await mistakesOf([
    { name: 'future', versions: ['1.27'], objects },
    { name: 'unknown', versions: [newest], objects: wrong },
  ])
  expect(mistakes).toEqual([
    expect.stringMatching(/^future: 1\.27 StatefulSet shop-example-product: .*'restartPolicy'/),
    ...wrong.map(({ kind }) => expect.stringMatching(new RegExp(`^unknown: ${newest} ${kind} `))),
  ])
})
