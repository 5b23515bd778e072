import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { valuesTable } from '../../scripts/generate/chart-files.ts'
import { between } from '../../scripts/generate/marks.ts'
import { ciFiles, helm, library, parseObjects, product, readTemplates, render } from './charts.ts'
import { sidecarOf } from './kubernetes-object.ts'

const read = (path: string, name: string) => readFileSync(join(path, name), 'utf8')

describe.each([
  { name: 'marketplace-sidecar', path: library },
  { name: 'example-product', path: product },
])('the README of $name', ({ path }) => {
  const readme = read(path, 'README.md')

  test('has the table of values that is made from values.yaml', () => {
    const table = valuesTable(read(path, 'values.yaml'))
    expect(table.split('\n').length).toBeGreaterThan(10)
    expect(readme).toContain(table)
    expect(between(readme, 'values', table)).toBe(readme)
  })

  test('uses no --set', () => {
    expect(readme).not.toMatch(/--set(?!-string)/)
  })
})

test('the README of the library has every template for other charts, and no other', () => {
  const defined = readTemplates(library).flatMap(({ text }) =>
    [...text.matchAll(/define "(marketplace-sidecar\.\w+)"/g)].map(([, name = '']) => name),
  )
  const inner = ['check', 'labels', 'container', 'env']
  const objects = ['podMonitor', 'prometheusRule', 'dashboard', 'networkPolicy']
  const hidden = new Set([...inner, ...objects].map((name) => `marketplace-sidecar.${name}`))
  const table = [...read(library, 'README.md').matchAll(/^\| `(marketplace-sidecar\.\w+)` \|/gm)]
  expect(table.map(([, name = '']) => name).toSorted()).toEqual(
    defined.filter((name) => !hidden.has(name)).toSorted(),
  )
})

test('the README of the library says what waits for the entitlement, as the probes do', async () => {
  const { startupProbe, readinessProbe } = sidecarOf(await render())
  expect(startupProbe).toMatchObject({ httpGet: { path: '/livez' } })
  expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz' } })
  const [, section = ''] = read(library, 'README.md').split('## What waits for the entitlement\n')
  expect(section).toMatch(/^\n\*\*The application's container does not\.\*\*/)
  expect(section).toContain('**The pod does.** It is Ready only while the buyer is entitled')
})

test('the README of the product says what every values file shows', () => {
  const named = [...read(product, 'README.md').matchAll(/^\| `([-\w]+-values\.yaml)` \|/gm)]
  expect(named.map(([, name = '']) => name).toSorted()).toEqual(ciFiles)
})

test('the README of the product installs what its kubectl lines name', async () => {
  const [, commands = ''] = /(^helm install .*?)^```/ms.exec(read(product, 'README.md')) ?? []
  const [install = '', ...kubectl] = commands.trim().split('\n')
  const args = install.split(' ').slice(2)
  const objects = parseObjects(await helm('template', ...args))
  const deployments = objects.filter(({ kind }) => kind === 'Deployment')
  const named = kubectl.map((line) => / deployment\/(\S+) /.exec(line)?.[1] ?? line)
  expect(named.toSorted()).toEqual(deployments.map(({ metadata }) => metadata.name).toSorted())
})
