/**
 * Installs what `npm run test:sources` needs into `.cache/sources`: `node scripts/tools/source-tools.ts`. They
 * are applications that count with foreign SDKs and clients, a second parser of metrics pages, and node_exporter.
 */
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachePath, pythonEnvironment, unpackDebianPackage } from './bring-tools.ts'
import { missingTools } from './client-tools.ts'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)
const cache = cachePath('sources')
const folder = fileURLToPath(new URL('../../test/sources', import.meta.url))

/** A command and its arguments. */
export type Command = readonly [command: string, ...args: readonly string[]]

/** Applications of a language that count: with its OpenTelemetry SDK, and on a metrics page. */
interface SourceApps {
  readonly language: string
  /** Programs that must be on the PATH. */
  readonly needs: readonly string[]
  readonly otlp: () => Promise<Command>
  readonly page: () => Promise<Command>
}

/** The command that runs a Python program of test/sources/python. */
export async function pythonProgram(name: string): Promise<[string, string]> {
  const requirements = join(folder, 'python/requirements.txt')
  const environment = await pythonEnvironment(join(cache, 'python'), requirements)
  return [join(environment, 'bin/python'), join(folder, 'python', name)]
}

async function javascriptLibraries(): Promise<string> {
  const pins = ['package.json', 'package-lock.json'].map((file) => join(folder, 'javascript', file))
  return cached(join(cache, 'javascript'), pins, async (to) => {
    for (const file of ['package.json', 'package-lock.json'])
      await copyFile(join(folder, 'javascript', file), join(to, file))
    await run('npm', ['ci', '--silent', '--ignore-scripts', '--no-audit'], { cwd: to })
  })
}

async function goProgram(): Promise<string> {
  const from = join(folder, 'go')
  const pins = ['go.mod', 'go.sum', 'main.go'].map((file) => join(from, file))
  const to = await cached(join(cache, 'go'), pins, async (target) => {
    await run('go', ['build', '-o', join(target, 'source-app'), '.'], { cwd: from })
  })
  return join(to, 'source-app')
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

async function javaClassPath(): Promise<string> {
  const from = join(folder, 'java')
  const pins = ['pom.xml', 'SourceApp.java'].map((file) => join(from, file))
  const target = await cached(join(cache, 'java'), pins, async (classes) => {
    const options = ['-B', '-q', '-f', join(from, 'pom.xml')]
    await run('mvn', [...options, copyDependencies, `-DoutputDirectory=${join(classes, 'lib')}`])
    const libraries = join(classes, 'lib/*')
    await run('javac', ['-d', classes, '-cp', libraries, join(from, 'SourceApp.java')])
  })
  return [target, join(target, 'lib/*')].join(delimiter)
}

const nodeProgram = (name: string) => join(folder, 'javascript', name)

/** Every language whose SDK and client the suite runs. */
export const sourceApps: readonly SourceApps[] = [
  {
    language: 'JavaScript',
    needs: [],
    otlp: async () => [process.execPath, nodeProgram('otlp-app.ts'), await javascriptLibraries()],
    page: () => Promise.resolve([process.execPath, nodeProgram('page-app.ts')]),
  },
  {
    language: 'Python',
    needs: ['python3'],
    otlp: () => pythonProgram('otlp_app.py'),
    page: () => pythonProgram('page_app.py'),
  },
  {
    language: 'Go',
    needs: ['go'],
    otlp: async () => [await goProgram(), 'otlp'],
    page: async () => [await goProgram(), 'page'],
  },
  {
    language: 'Java',
    needs: ['mvn', 'javac', 'java'],
    otlp: async () => ['java', '-cp', await javaClassPath(), 'SourceApp', 'otlp'],
    page: async () => ['java', '-cp', await javaClassPath(), 'SourceApp', 'page'],
  },
]

/** A Collector of OpenTelemetry, built from the Go module proxy, which takes minutes. */
export async function collector(): Promise<string> {
  const config = join(folder, 'collector/builder.yaml')
  const to = await cached(join(cache, 'collector'), [config], async (target) => {
    const builder = 'go.opentelemetry.io/collector/cmd/builder@v0.165.0'
    await run('go', ['run', builder, '--config', config], { cwd: target, maxBuffer: 2 ** 24 })
  })
  return join(to, 'collector/collector')
}

/** The program of Debian's prometheus-node-exporter, which pins no version: its page is whatever it shows. */
export async function nodeExporter(): Promise<string> {
  const pin = fileURLToPath(import.meta.url)
  const to = await cached(join(cache, 'node-exporter'), [pin], (target) =>
    unpackDebianPackage('prometheus-node-exporter', target),
  )
  return join(to, 'usr/bin/prometheus-node-exporter')
}

if (import.meta.main) {
  await nodeExporter()
  for (const { otlp, page, ...apps } of sourceApps) {
    const missing = await missingTools(apps)
    if (missing.length === 0) await Promise.all([otlp(), page()])
    const state = missing.length === 0 ? 'ready' : `NOT RUN: no ${missing.join(', ')}`
    console.log(`${apps.language}: ${state}`)
  }
}
