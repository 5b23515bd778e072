/**
 * Installs the clients that `npm run test:clients` runs, at the versions below, into `.cache/clients`:
 * `node scripts/tools/client-tools.ts` installs all of them. Each language needs its own tools; a client whose
 * tools are missing here is reported as not run.
 */
import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachePath, pythonEnvironment } from './bring-tools.ts'
import { cached, isThere } from './tool-cache.ts'

const run = promisify(execFile)
const cache = cachePath('clients')
const sources = fileURLToPath(new URL('../../test/clients', import.meta.url))

/** The command of a client. It reads one call a line from standard input; only the AWS CLI does not. */
export interface ClientTool {
  readonly command: string
  readonly args: readonly string[]
}

export interface ClientDefinition {
  readonly name: string
  /** The pinned package, its version, and the file where the package manager finds that version. */
  readonly package: string
  readonly version: string
  readonly pinnedIn: string
  /** Programs that must be on the PATH. */
  readonly needs: readonly string[]
  install(): Promise<ClientTool>
}

const node: ClientDefinition = {
  name: 'AWS SDK for JavaScript v3',
  package: '@aws-sdk/client-marketplace-metering',
  version: '3.1138.0',
  pinnedIn: 'package.json',
  needs: [],
  install: () =>
    Promise.resolve({
      command: process.execPath,
      args: [join(sources, 'javascript/metering-client.ts')],
    }),
}

const boto3: ClientDefinition = {
  name: 'boto3',
  package: 'boto3',
  version: '1.44.5',
  pinnedIn: 'test/clients/python/requirements.txt',
  needs: ['python3'],
  install: async () => ({
    command: join(await pythonTools(), 'bin/python'),
    args: [join(sources, 'python/metering_client.py')],
  }),
}

const awsCli: ClientDefinition = {
  name: 'AWS CLI',
  package: 'awscli',
  version: '1.46.3',
  pinnedIn: 'test/clients/python/requirements.txt',
  needs: ['python3'],
  install: async () => ({ command: join(await pythonTools(), 'bin/aws'), args: [] }),
}

const go: ClientDefinition = {
  name: 'AWS SDK for Go v2',
  package: 'github.com/aws/aws-sdk-go-v2/service/marketplacemetering',
  version: '1.35.5',
  pinnedIn: 'test/clients/go/go.mod',
  needs: ['go'],
  async install() {
    const folder = join(sources, 'go')
    const program = await once('go', ['go.mod', 'go.sum', 'main.go'], async (target) => {
      await run('go', ['build', '-o', join(target, 'metering-client'), '.'], { cwd: folder })
    })
    return { command: join(program, 'metering-client'), args: [] }
  },
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

const java: ClientDefinition = {
  name: 'AWS SDK for Java 2',
  package: 'software.amazon.awssdk:marketplacemetering',
  version: '2.41.4',
  pinnedIn: 'test/clients/java/pom.xml',
  needs: ['mvn', 'javac', 'java'],
  async install() {
    const folder = join(sources, 'java')
    const target = await once('java', ['pom.xml', 'MeteringClient.java'], async (classes) => {
      const options = ['-B', '-q', '-f', join(folder, 'pom.xml')]
      await run('mvn', [...options, copyDependencies, `-DoutputDirectory=${join(classes, 'lib')}`])
      const libraries = join(classes, 'lib/*')
      await run('javac', ['-d', classes, '-cp', libraries, join(folder, 'MeteringClient.java')])
    })
    const classPath = [target, join(target, 'lib/*')].join(delimiter)
    return { command: 'java', args: ['-cp', classPath, 'MeteringClient'] }
  },
}

/** Every client that the suite runs, in the order of docs/guides/clients.md. */
export const clients = { node, boto3, awsCli, go, java } as const satisfies Record<
  string,
  ClientDefinition
>

/** Not a client: another emulator of the service, for comparison. */
export const moto: ClientDefinition = {
  name: 'moto',
  package: 'moto',
  version: '5.2.5',
  pinnedIn: 'test/clients/python/requirements.txt',
  needs: ['python3'],
  install: async () => ({ command: join(await pythonTools(), 'bin/moto_server'), args: [] }),
}

/** Returns the tools that a client needs and that are not on the PATH. */
export async function missingTools({ needs }: ClientDefinition): Promise<string[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = await Promise.all(
    needs.map(async (tool) => {
      const there = await Promise.all(folders.map((folder) => isThere(join(folder, tool))))
      return there.includes(true)
    }),
  )
  return needs.filter((_, index) => found[index] !== true)
}

/** One environment for boto3, the AWS CLI and moto, because they share botocore. */
const pythonTools = () =>
  pythonEnvironment(join(cache, 'python'), join(sources, 'python/requirements.txt'))

/** Returns the folder of a language, filled once for each content of its source files. */
function once(
  language: string,
  files: readonly string[],
  fill: (target: string) => Promise<void>,
): Promise<string> {
  const pins = files.map((file) => join(sources, language, file))
  return cached(join(cache, language), pins, fill)
}

if (import.meta.main) {
  for (const client of [...Object.values(clients), moto]) {
    const missing = await missingTools(client)
    if (missing.length === 0) await client.install()
    const state = missing.length === 0 ? 'ready' : `NOT RUN: no ${missing.join(', ')}`
    console.log(`${client.name} ${client.version}: ${state}`)
  }
}
