import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse, parseAllDocuments } from 'yaml'
import { helmPath } from '../../scripts/tools/chart-tools.ts'
import type { KubernetesObject } from './kubernetes-object.ts'

export const charts = fileURLToPath(new URL('../../helm', import.meta.url))
export const library = join(charts, 'marketplace-sidecar')
export const product = join(charts, 'example-product')

/** The names of the values files that the product's chart is tested with. */
export const ciFiles = readdirSync(join(product, 'ci')).toSorted()
export const ciFile = (name: string) => join(product, 'ci', name)

export type Values = Readonly<Record<string, unknown>>

/** Runs helm with a separate home. Resolves with its output, or rejects with its message. */
export async function helm(...args: string[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'helm-'))
  try {
    const { stdout } = await promisify(execFile)(await helmPath(), args, {
      env: { PATH: process.env['PATH'], HOME: home },
    })
    return stdout
  } finally {
    await rm(home, { recursive: true })
  }
}

export interface RenderOptions {
  readonly chart?: string
  /** The name of a file in `ci`. */
  readonly ci?: string
  readonly kubeVersion?: string
  readonly release?: string
  readonly args?: readonly string[]
}

/** Renders the product's chart with these values by `helm template`. */
export async function renderText(values: Values = {}, options: RenderOptions = {}) {
  const work = await mkdtemp(join(tmpdir(), 'values-'))
  try {
    const file = join(work, 'values.json')
    await writeFile(file, JSON.stringify(values))
    const { chart = product, ci, kubeVersion, release = 'shop', args = [] } = options
    const files = ci === undefined ? [file] : [ciFile(ci), file]
    return await helm(
      'template',
      release,
      chart,
      ...files.flatMap((path) => ['--values', path]),
      ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
      ...args,
    )
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Renders the same and parses it. */
export async function render(
  values: Values = {},
  options: RenderOptions = {},
): Promise<KubernetesObject[]> {
  return parseObjects(await renderText(values, options))
}

/** Parses objects as YAML 1.1, as Kubernetes does: `on` is true there. */
export function parseObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.1', uniqueKeys: true }).flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw error
    const content: KubernetesObject | null = document.toJS()
    return content === null ? [] : [content]
  })
}

export function readValues(chart: string): Values {
  return parse(readFileSync(join(chart, 'values.yaml'), 'utf8'))
}

/** Reads the templates of a chart. */
export function readTemplates(chart: string): { name: string; text: string }[] {
  const folder = join(chart, 'templates')
  return readdirSync(folder).map((name) => ({
    name,
    text: readFileSync(join(folder, name), 'utf8'),
  }))
}
