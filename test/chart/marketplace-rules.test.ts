import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isMap, isScalar, parse, parseDocument } from 'yaml'
import { ciFiles, helm, library, product, readTemplates, render, renderText } from './charts.ts'

const charts = [
  { name: 'marketplace-sidecar', path: library },
  { name: 'example-product', path: product },
]
const templates = charts.flatMap(({ path }) => readTemplates(path))

describe('what AWS requires of a chart and of an EKS add-on', () => {
  test.each(templates)('$name: no hook, no lookup, no cluster capabilities', ({ text }) => {
    expect(text).not.toMatch(/helm\.sh\/hook|\blookup\b|\.Capabilities\.APIVersions/)
    const used = [...text.matchAll(/\.(?:Release|Capabilities)\.\w+/g)].map(([name]) => name)
    const allowed = ['.Release.Name', '.Release.Namespace', '.Capabilities.KubeVersion']
    expect(used.filter((name) => !allowed.includes(name))).toEqual([])
  })

  test('every image is three plain variables, with nothing around them', () => {
    const lines = templates.flatMap(({ text }) => text.match(/^.*\bimage:.*$/gm) ?? [])
    expect(lines.map((line) => line.trim())).toEqual(
      ['.Values.image', '.Values.emulator.image', '.Values.application.image'].map(
        (image) => `image: {{ ${image}.registry }}/{{ ${image}.repository }}:{{ ${image}.tag }}`,
      ),
    )
  })

  test.each(ciFiles)('%s uses only images from the values', async (name) => {
    const text = await renderText({}, { ci: name })
    const { sidecar, application, emulator } = parse(
      readFileSync(join(product, 'values.yaml'), 'utf8'),
    ) as Record<string, { image: { registry: string; repository: string; tag: string } }>
    const named = [sidecar, application, emulator].map(
      (part) => `${part?.image.registry}/${part?.image.repository}:${part?.image.tag}`,
    )
    const used = [...text.matchAll(/^\s+image: (.*)$/gm)].map(([, image]) => image ?? '')
    expect(used.length).toBeGreaterThan(1)
    expect(used.filter((image) => !named.includes(image))).toEqual([])
  })

  test('helm lint finds nothing, with the dependency and for each values file', async () => {
    const flags = ['--strict', '--with-subcharts']
    for (const name of ciFiles) {
      const values = ['--values', join(product, 'ci', name)]
      await expect(helm('lint', ...flags, product, ...values)).resolves.toContain(
        '1 chart(s) linted, 0 chart(s) failed',
      )
    }
    await expect(helm('lint', ...flags, library)).resolves.toContain('0 chart(s) failed')
  })

  test('the dependency is a file, in place as soon as the source is', async () => {
    const list = await helm('dependency', 'list', product)
    expect(list).toMatch(/^marketplace-sidecar\s+\d\S*\s+file:\/\/\S+\s+unpacked\s*$/m)
    const [, path = ''] = /file:\/\/(\S+)/.exec(list) ?? []
    expect(join(product, path)).toBe(library)
  })

  test('the package of the product contains the library', async () => {
    const work = await mkdtemp(join(tmpdir(), 'package-'))
    try {
      await helm('package', product, '--destination', work)
      const chart = join(work, 'example-product-0.2.0.tgz')
      const ci = 'monitoring-values.yaml'
      expect(await render({}, { chart, ci })).toEqual(await render({}, { ci }))
    } finally {
      await rm(work, { recursive: true })
    }
  })
})

describe.each(charts)('the files of $name', ({ path }) => {
  test('keep every template under 100 lines', () => {
    for (const { name, text } of readTemplates(path)) {
      expect(text.split('\n').length, name).toBeLessThan(100)
    }
  })

  test('have a sentence above every value', () => {
    const lines = readFileSync(join(path, 'values.yaml'), 'utf8').split('\n')
    const silent = lines.filter(
      (line, index) => /^\s*\w+:/.test(line) && !/^\s*# [A-Z].*\.$/.test(lines[index - 1] ?? ''),
    )
    expect(silent).toEqual([])
  })

  test('have values in camelCase that are in the schema', () => {
    const schema: Schema = JSON.parse(readFileSync(join(path, 'values.schema.json'), 'utf8'))
    const paths = valuePaths(readFileSync(join(path, 'values.yaml'), 'utf8'))
    expect(paths.filter((names) => !knows(schema, schema, names))).toEqual([])
    const names = [...paths.flat(), ...propertiesOf(schema)]
    const free = /^(SIDECAR_[A-Z_]+|grafana_dashboard)$/
    expect(names.filter((name) => !/^[a-z][a-zA-Z0-9]*$/.test(name) && !free.test(name))).toEqual(
      [],
    )
  })

  test('have a schema that refuses unknown values', () => {
    const schema: Schema = JSON.parse(readFileSync(join(path, 'values.schema.json'), 'utf8'))
    const open = objectsOf(schema).filter(
      (object) => object.properties !== undefined && object.additionalProperties !== false,
    )
    expect(open).toEqual([])
    expect(objectsOf(schema).length).toBeGreaterThan(5)
  })
})

interface Schema {
  readonly type?: string | readonly string[]
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly definitions?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
}

function childrenOf({ properties = {}, definitions = {}, items }: Schema): Schema[] {
  return [...Object.values(properties), ...Object.values(definitions), ...(items ? [items] : [])]
}

function objectsOf(schema: Schema): Schema[] {
  const own = schema.type === 'object' ? [schema] : []
  return [...own, ...childrenOf(schema).flatMap(objectsOf)]
}

function propertiesOf(schema: Schema): string[] {
  return [...Object.keys(schema.properties ?? {}), ...childrenOf(schema).flatMap(propertiesOf)]
}

/** Returns every path in values.yaml as its names. The library's tests check the sidecar's own values. */
function valuePaths(yaml: string): string[][] {
  const walk = (node: unknown, above: string[]): string[][] => {
    if (!isMap(node) || above[0] === 'sidecar') return []
    return node.items.flatMap(({ key, value }) => {
      const path = [...above, isScalar(key) ? String(key.value) : '']
      return [path, ...walk(value, path)]
    })
  }
  return walk(parseDocument(yaml).contents, [])
}

function knows(root: Schema, schema: Schema, [name, ...rest]: readonly string[]): boolean {
  const definition = schema.$ref?.split('/').at(-1)
  const here = definition === undefined ? schema : root.definitions?.[definition]
  if (name === undefined || here === undefined) return here !== undefined
  if (typeof here.additionalProperties === 'object') return true
  const next = here.properties?.[name]
  return next !== undefined && knows(root, next, rest)
}
