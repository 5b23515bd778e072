import { appendFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { helm, library, parseObjects } from './charts.ts'
import { only, type Container, type KubernetesObject, type Pod } from './kubernetes-object.ts'

/** The YAML of the README's five steps, applied to a chart that `helm create` made. */
const steps = [
  ...readFileSync(join(library, 'README.md'), 'utf8').matchAll(/```yaml\n(.*?)```/gs),
].map(([, text = '']) => text)

let work: string
let chart: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'existing-'))
  chart = join(work, 'shop')
  await helm('create', chart)
  follow(steps)
})
afterAll(() => rm(work, { recursive: true }))

function follow(texts: readonly string[]): void {
  const [dependency = '', values = '', pod = '', objects = '', notes = ''] = texts
  cpSync(library, join(chart, 'charts/marketplace-sidecar'), { recursive: true })
  appendFileSync(join(chart, 'Chart.yaml'), `\n${dependency}`)
  appendFileSync(join(chart, 'values.yaml'), `\n${values}`)
  writeFileSync(join(chart, 'templates/marketplace-sidecar.yaml'), objects)
  appendFileSync(join(chart, 'templates/NOTES.txt'), notes)
  const file = join(chart, 'templates/deployment.yaml')
  writeFileSync(file, addLines(readFileSync(file, 'utf8'), pod))
}

/** Inserts the lines of the step into a Deployment that already has lists. */
function addLines(deployment: string, step: string): string {
  const find = (what: string, pattern: RegExp) => {
    const found = pattern.exec(step)?.[1]
    if (found === undefined) throw new Error(`the README does not say what to add to ${what}`)
    return found
  }
  const include = (key: string) =>
    find(key, new RegExp(`^ +${key}:\\n( +\\{\\{- include .*\\n)`, 'm'))
  /** A list that may be empty, with its key. */
  const whole = (key: string) =>
    find(key, new RegExp(`^( +\\{\\{- with .*\\n +${key}:\\n.*\\n.*end \\}\\}\\n)`, 'm'))
  /** Its include as one more entry of a list. */
  const entry = (key: string) =>
    `        {{- ${find(key, new RegExp(`with (include "[^"]*" \\.).*\\n +${key}:`))} | nindent 8 }}\n`
  const grace = /^ +terminationGracePeriodSeconds:.*\n/m.exec(step)?.[0] ?? ''
  return [
    ['          {{- include "shop.labels" . | nindent 8 }}\n', '$&  '],
    [/(    metadata:\n.*?      labels:\n)/s, `$1${include('labels')}`],
    ['      {{- with .Values.podAnnotations }}\n      annotations:\n', '      annotations:\n'],
    [
      '        {{- toYaml . | nindent 8 }}\n      {{- end }}\n      labels:\n',
      `${entry('annotations')}      labels:\n`,
    ],
    ['      containers:\n', `${grace}${whole('initContainers')}$&`],
    ['      containers:\n', `$&${include('containers')}`],
    ['      {{- with .Values.volumes }}\n      volumes:\n', `      volumes:\n${entry('volumes')}`],
    [
      '        {{- toYaml . | nindent 8 }}\n      {{- end }}\n      {{- with .Values.nodeSelector }}',
      '      {{- with .Values.nodeSelector }}',
    ],
  ].reduce<string>((text, [from = '', to]) => text.replace(from, String(to)), deployment)
}

const pod = (objects: readonly KubernetesObject[]) =>
  only(objects, 'Deployment').spec['template'] as Pod
const containers = (objects: readonly KubernetesObject[]): readonly Container[] =>
  pod(objects).spec.containers
const rendered = async (...args: string[]) =>
  parseObjects(await helm('template', 'a', chart, ...args))

test('a chart from helm create has the sidecar after the five steps', async () => {
  const { metadata, spec } = pod(await rendered())
  expect(spec.initContainers).toMatchObject([
    { name: 'marketplace-sidecar', restartPolicy: 'Always' },
  ])
  expect(spec.containers.map(({ name }) => name)).toEqual(['shop'])
  expect(spec.volumes.map(({ name }) => name)).toEqual(['marketplace-sidecar-data'])
  expect(spec.terminationGracePeriodSeconds).toBe(60)
  expect(metadata.labels).toMatchObject({
    'marketplace-sidecar/release': 'a',
    'app.kubernetes.io/name': 'shop',
  })
})

test('the chart has the obstacles to AWS Marketplace that the README names, and no others', () => {
  const templates = join(chart, 'templates')
  const found = readdirSync(templates, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(yaml|tpl)$/.test(name))
    .flatMap((name) =>
      readFileSync(join(templates, name), 'utf8')
        .split('\n')
        .filter((line) =>
          /helm\.sh\/hook|\blookup\b|\.Capabilities|\.Release\.(?!Name)|^\s*image: "/.test(line),
        )
        .map((line) => `${name}: ${line.trim()}`),
    )
  expect(found.toSorted()).toEqual([
    '_helpers.tpl: app.kubernetes.io/managed-by: {{ .Release.Service }}',
    expect.stringMatching(
      /^deployment\.yaml: image: "\{\{ \.Values\.image\.repository \}\}:.*default/,
    ),
    'tests/test-connection.yaml: "helm.sh/hook": test',
  ])
})

test('its values decide the rest, under the service account that it already had', async () => {
  const on = 'sidecar.networkPolicy.enabled=true,sidecar.monitoring.podMonitor.enabled=true'
  const objects = await rendered('--set', `sidecar.form=classic,${on}`)
  expect(containers(objects).map(({ name }) => name)).toEqual(['marketplace-sidecar', 'shop'])
  expect(only(objects, 'NetworkPolicy').metadata.name).toBe('a-shop-marketplace-sidecar')
  expect(only(objects, 'PodMonitor').spec).toMatchObject({
    selector: { matchLabels: { 'marketplace-sidecar/release': 'a' } },
  })
  expect(pod(objects).spec.serviceAccountName).toBe('a-shop')
})

test('helm lint accepts it, and its package is complete', async () => {
  await expect(helm('lint', '--strict', '--with-subcharts', chart)).resolves.toContain(
    '0 chart(s) failed',
  )
  await helm('package', chart, '--destination', work)
  const objects = parseObjects(await helm('template', 'a', join(work, 'shop-0.1.0.tgz')))
  expect(objects).toEqual(await rendered())
})

test('a chart whose pod does not have the sidecar is refused', async () => {
  const file = join(chart, 'templates/deployment.yaml')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('marketplace-sidecar.initContainers', 'shop.labels'))
  try {
    await expect(rendered()).rejects.toThrow(/no pod of this chart has the sidecar.*initContainers/)
    const classic = await rendered('--set', 'sidecar.form=classic')
    expect(containers(classic).map(({ name }) => name)).toContain('marketplace-sidecar')
  } finally {
    writeFileSync(file, text)
  }
})

test('the classic form leaves no empty list behind', async () => {
  const { spec } = pod(await rendered('--set', 'sidecar.form=classic'))
  expect(Object.entries(spec).filter(([, value]) => value === null)).toEqual([])
})

test('the path of the dependency is right', async () => {
  const [, path = ''] = /file:\/\/(\S+)/.exec(await helm('dependency', 'list', chart)) ?? []
  const there = readFileSync(join(chart, path, 'Chart.yaml'), 'utf8')
  expect(there).toBe(readFileSync(join(library, 'Chart.yaml'), 'utf8'))
})

test('a dependency without the alias fails with a message that names what is missing', async () => {
  const metadata = join(chart, 'Chart.yaml')
  const text = readFileSync(metadata, 'utf8')
  writeFileSync(metadata, text.replace('    alias: sidecar\n', ''))
  try {
    await expect(rendered()).rejects.toThrow(/marketplace-sidecar needs `alias: sidecar`/)
  } finally {
    writeFileSync(metadata, text)
  }
})
