import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { helmPath } from '../../scripts/chart-tools.ts'
import { settingsTable } from '../../src/config/settings-table.ts'

const chart = fileURLToPath(new URL('../../helm/marketplace-sidecar', import.meta.url))

/** Shows what the chart renders as JSON, with Helm's own reading of YAML. */
const asJson = `{{- $files := list "deployment" "serviceaccount" -}}
{{- $rendered := dict "values" .Values -}}
{{- range $files -}}
{{- $text := include (printf "%s/%s.yaml" $.Template.BasePath .) $ -}}
{{- $rendered = set $rendered . (fromYaml $text) -}}
{{- end -}}
{{- $rendered | toJson }}
`

interface Container {
  name: string
  image: string
  restartPolicy?: string
  env?: { name: string; value: string }[]
  ports?: { name: string; containerPort: number }[]
  startupProbe: unknown
  livenessProbe: { httpGet: unknown }
  readinessProbe: { httpGet: unknown }
  securityContext: Record<string, unknown>
  volumeMounts: unknown[]
}
interface Rendered {
  values: Record<string, unknown>
  deployment: {
    spec: {
      template: {
        spec: {
          serviceAccountName: string
          terminationGracePeriodSeconds: number
          securityContext: Record<string, unknown>
          initContainers: [Container]
          containers: [Container]
          volumes: unknown[]
        }
      }
    }
  }
  serviceaccount: { metadata?: { name: string; annotations?: Record<string, string> } }
}

let helm: string
let work: string
beforeAll(async () => {
  helm = await helmPath()
  work = await mkdtemp(join(tmpdir(), 'chart-'))
  await cp(chart, join(work, 'chart'), { recursive: true })
  await writeFile(join(work, 'chart/templates/as-json.yaml'), asJson)
})
afterAll(() => rm(work, { recursive: true }))

async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(helm, args, { env: { HOME: work } })
  return stdout
}

async function render(...sets: string[]): Promise<Rendered> {
  const flags = sets.flatMap((set) => ['--set', set])
  const shown = ['--show-only', 'templates/as-json.yaml']
  const text = await run('template', 'shop', join(work, 'chart'), ...shown, ...flags)
  return JSON.parse(text.slice(text.indexOf('{')))
}

const podOf = (rendered: Rendered) => rendered.deployment.spec.template.spec

test('helm lint finds nothing', async () => {
  await expect(run('lint', '--strict', chart)).resolves.toContain('0 chart(s) failed')
})

describe('with its defaults', () => {
  let rendered: Rendered
  beforeAll(async () => {
    rendered = await render()
  })

  test('the sidecar is native: an init container that is always restarted', () => {
    const [sidecar] = podOf(rendered).initContainers
    expect(sidecar).toMatchObject({ name: 'marketplace-sidecar', restartPolicy: 'Always' })
    expect(podOf(rendered).containers.map(({ name }) => name)).toEqual(['application'])
  })

  test('the sidecar runs with no rights and a root file system that it cannot write', () => {
    expect(podOf(rendered).initContainers[0].securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(podOf(rendered).securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: 65532 })
  })

  test('the ledger lies on a volume of the pod, where the sidecar looks for it', () => {
    expect(podOf(rendered).volumes).toEqual([
      { name: 'marketplace-sidecar-data', emptyDir: { sizeLimit: '1Gi' } },
    ])
    expect(podOf(rendered).initContainers[0].volumeMounts).toEqual([
      { name: 'marketplace-sidecar-data', mountPath: defaultOf('SIDECAR_DATA_DIR') },
    ])
  })

  test('the probes ask the ops port, and liveness does not ask for readiness', () => {
    const [sidecar] = podOf(rendered).initContainers
    expect(sidecar.ports).toEqual([{ name: 'ops', containerPort: 9464 }])
    expect(sidecar.startupProbe).toMatchObject({ httpGet: { path: '/livez', port: 'ops' } })
    expect(sidecar.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'ops' })
    expect(sidecar.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'ops' })
    expect(sidecar.env).toEqual([
      { name: 'SIDECAR_OPS_LISTEN', value: defaultOf('SIDECAR_OPS_LISTEN') },
    ])
  })

  test('the pod has more time for stopping than the sidecar takes', () => {
    const needed = Number(defaultOf('SIDECAR_SHUTDOWN_TIMEOUT_MS'))
    expect(podOf(rendered).terminationGracePeriodSeconds * 1000).toBeGreaterThan(needed)
  })

  test('the pod runs under the service account that the chart makes', () => {
    expect(podOf(rendered).serviceAccountName).toBe('shop-marketplace-sidecar')
    expect(rendered.serviceaccount.metadata?.name).toBe('shop-marketplace-sidecar')
  })

  test('the schema knows every value', async () => {
    const schema: Schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8'))
    expect(unknownKeys(rendered.values, schema, schema.definitions ?? {})).toEqual([])
  })
})

describe('with values', () => {
  test('images are put together from registry, repository and tag', async () => {
    const pod = podOf(
      await render('image.registry=r.example', 'image.repository=a/b', 'image.tag=1.2.3'),
    )
    expect(pod.initContainers[0].image).toBe('r.example/a/b:1.2.3')
  })

  test('settings reach the sidecar as text, large numbers digit for digit', async () => {
    const pod = podOf(
      await render(
        'settings.SIDECAR_BODY_LIMIT_BYTES=16777216',
        'settings.SIDECAR_ZERO_RECORDS=true',
      ),
    )
    expect(pod.initContainers[0].env?.slice(1)).toEqual([
      { name: 'SIDECAR_BODY_LIMIT_BYTES', value: '16777216' },
      { name: 'SIDECAR_ZERO_RECORDS', value: 'true' },
    ])
  })

  test('a role is annotated, or an account that is there already is used', async () => {
    const made = await render(
      'serviceAccount.name=seller',
      'serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::123456789012:role/r',
    )
    expect(made.serviceaccount.metadata).toMatchObject({
      name: 'seller',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/r' },
    })
    const used = await render('serviceAccount.create=false', 'serviceAccount.name=there')
    expect(used.serviceaccount).toEqual({})
    expect(podOf(used).serviceAccountName).toBe('there')
  })

  test('an application without a port has none', async () => {
    expect(podOf(await render('application.port=0')).containers[0].ports).toBeUndefined()
  })
})

test.each([
  ['an unknown value', 'imagee.tag=x', /'imagee' not allowed/],
  ['an unknown value further in', 'image.tga=x', /'tga' not allowed/],
  ['a tag that is a number', 'image.tag=1', /got number, want string/],
  ['the tag latest', 'image.tag=latest', /\/image\/tag/],
  ['an image without a registry', 'application.image.registry=', /\/application\/image\/registry/],
  ['a name that is no setting', 'settings.LOG_LEVEL=info', /'LOG_LEVEL' does not match/],
  ['a setting that the chart owns', 'settings.SIDECAR_DATA_DIR=/x', /invalid propertyName/],
  ['a privileged port', 'ops.port=80', /\/ops\/port/],
  [
    'a stop timeout above that of the pod',
    'settings.SIDECAR_SHUTDOWN_TIMEOUT_MS=60000',
    /terminationG/,
  ],
  ['a stop timeout below that of the sidecar', 'terminationGracePeriodSeconds=25', /25000 ms/],
  ['a missing account name', 'serviceAccount.create=false', /serviceAccount\.name is needed/],
])('%s is refused', async (_, set, message) => {
  await expect(render(set)).rejects.toThrow(message)
})

describe('the files', () => {
  test('hold to what AWS Marketplace accepts of an add-on', async () => {
    const names = (await readdir(join(chart, 'templates'))).toSorted()
    const texts = await Promise.all(
      names.map((name) => readFile(join(chart, 'templates', name), 'utf8')),
    )
    const all = texts.join('\n')
    expect(all).not.toMatch(/helm\.sh\/hook|\blookup\b|\.Capabilities/)
    expect([...all.matchAll(/^\s*(?:- )?image: (.*)$/gm)].map(([, image]) => image)).toEqual([
      imageForm('image'),
      imageForm('application.image'),
    ])
  })

  test('keep the helpers under 100 lines', async () => {
    const helpers = await readFile(join(chart, 'templates/_helpers.tpl'), 'utf8')
    expect(helpers.split('\n').length).toBeLessThan(100)
  })

  test('say a sentence over every value', async () => {
    const lines = (await readFile(join(chart, 'values.yaml'), 'utf8')).split('\n')
    const silent = lines.filter(
      (line, index) => /^\s*\w+:/.test(line) && !/^\s*# .*\S/.test(lines[index - 1] ?? ''),
    )
    expect(silent).toEqual([])
  })
})

function imageForm(path: string): string {
  const part = (name: string) => `{{ .Values.${path}.${name} }}`
  return `${part('registry')}/${part('repository')}:${part('tag')}`
}

function defaultOf(name: (typeof settingsTable)[number]['name']): string | undefined {
  return settingsTable.find((setting) => setting.name === name)?.default
}

interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  definitions?: Record<string, Schema>
}

/** Paths of values that no schema property names; free maps such as `settings` are left alone. */
function unknownKeys(
  values: Record<string, unknown>,
  schema: Schema,
  definitions: Record<string, Schema>,
): string[] {
  const here = schema.$ref ? definitions[schema.$ref.split('/').at(-1) ?? ''] : schema
  const properties = here?.properties
  if (properties === undefined) return []
  return Object.entries(values).flatMap(([key, value]) => {
    const found = properties[key]
    if (found === undefined) return [key]
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    const inner = value as Record<string, unknown>
    return unknownKeys(inner, found, definitions).map((path) => `${key}.${path}`)
  })
}
