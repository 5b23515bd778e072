/**
 * Installs the clients that `npm run test:clients` runs, at the versions below, into `.cache/clients`:
 * `node scripts/tools/client-tools.ts` installs all of them. Each language needs its own tools; a client whose
 * tools are missing here is reported as not run.
 */
import { execFile } from 'node:child_process'
import { copyFile, cp } from 'node:fs/promises'
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
  /** What tells a repeat of a call from another call; the last two send no ClientToken. */
  readonly repeatsBy: 'ClientToken' | 'invocation id' | 'nothing'
  /** Programs that must be on the PATH. */
  readonly needs: readonly string[]
  /** Takes minutes to build, so that only .ci/nightly runs it. */
  readonly nightly?: true
  install(): Promise<ClientTool>
}

const node: ClientDefinition = {
  name: 'AWS SDK for JavaScript v3',
  package: '@aws-sdk/client-marketplace-metering',
  version: '3.1138.0',
  pinnedIn: 'package.json',
  repeatsBy: 'ClientToken',
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
  version: '1.44.8',
  pinnedIn: 'test/clients/python/requirements.txt',
  repeatsBy: 'ClientToken',
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
  repeatsBy: 'ClientToken',
  needs: ['python3'],
  install: async () => ({ command: join(await pythonTools(), 'bin/aws'), args: [] }),
}

const go: ClientDefinition = {
  name: 'AWS SDK for Go v2',
  package: 'github.com/aws/aws-sdk-go-v2/service/marketplacemetering',
  version: '1.35.5',
  pinnedIn: 'test/clients/go/go.mod',
  repeatsBy: 'ClientToken',
  needs: ['go'],
  install: () => buildGo('go'),
}

const java: ClientDefinition = {
  name: 'AWS SDK for Java 2',
  package: 'software.amazon.awssdk:marketplacemetering',
  version: '2.41.4',
  pinnedIn: 'test/clients/java/pom.xml',
  repeatsBy: 'ClientToken',
  needs: ['mvn', 'javac', 'java'],
  install: () => buildJava('java', 'MeteringClient'),
}

const node2: ClientDefinition = {
  name: 'AWS SDK for JavaScript v2',
  package: 'aws-sdk',
  version: '2.1693.0',
  pinnedIn: 'test/clients/javascript-2/package.json',
  repeatsBy: 'nothing',
  needs: [],
  async install() {
    const folder = join(sources, 'javascript-2')
    const program = await once(
      'javascript-2',
      ['package.json', 'package-lock.json'],
      async (to) => {
        for (const file of ['package.json', 'package-lock.json'])
          await copyFile(join(folder, file), join(to, file))
        await run('npm', ['ci', '--silent', '--ignore-scripts', '--no-audit'], { cwd: to })
      },
    )
    const library = join(program, 'node_modules/aws-sdk')
    return { command: process.execPath, args: [join(folder, 'metering-client.cjs'), library] }
  },
}

const oldBoto3: ClientDefinition = {
  name: 'boto3 before ClientToken',
  package: 'boto3',
  version: '1.40.55',
  pinnedIn: 'test/clients/python-old/requirements.txt',
  repeatsBy: 'invocation id',
  needs: ['python3'],
  async install() {
    const requirements = join(sources, 'python-old/requirements.txt')
    const tools = await pythonEnvironment(join(cache, 'python-old'), requirements)
    const program = join(sources, 'python/metering_client.py')
    return { command: join(tools, 'bin/python'), args: [program] }
  },
}

const go1: ClientDefinition = {
  name: 'AWS SDK for Go 1',
  package: 'github.com/aws/aws-sdk-go',
  version: '1.55.8',
  pinnedIn: 'test/clients/go-1/go.mod',
  repeatsBy: 'nothing',
  needs: ['go'],
  install: () => buildGo('go-1'),
}

const java1: ClientDefinition = {
  name: 'AWS SDK for Java 1',
  package: 'com.amazonaws:aws-java-sdk-marketplacemeteringservice',
  version: '1.12.797',
  pinnedIn: 'test/clients/java-1/pom.xml',
  repeatsBy: 'invocation id',
  needs: ['mvn', 'javac', 'java'],
  install: () => buildJava('java-1', 'OldMeteringClient'),
}

const rust: ClientDefinition = {
  name: 'AWS SDK for Rust',
  package: 'aws-sdk-marketplacemetering',
  version: '1.124.0',
  pinnedIn: 'test/clients/rust/Cargo.toml',
  repeatsBy: 'ClientToken',
  needs: ['cargo', 'cc'],
  nightly: true,
  async install() {
    const folder = join(sources, 'rust')
    // Built in a copy: cargo writes a lock file next to its manifest.
    const program = await once('rust', ['Cargo.toml', 'src/main.rs'], async (target) => {
      await cp(folder, target, { recursive: true })
      await run('cargo', ['build', '--quiet'], { cwd: target, maxBuffer: 2 ** 24 })
    })
    return { command: join(program, 'target/debug/metering-client'), args: [] }
  },
}

/** Every client that the suite runs, in the order of docs/guides/clients.md. */
export const clients = {
  node,
  boto3,
  awsCli,
  go,
  java,
  node2,
  oldBoto3,
  go1,
  java1,
  rust,
} as const satisfies Record<string, ClientDefinition>

/** Not a client: another emulator of the service, for comparison. */
export const moto: Omit<ClientDefinition, 'repeatsBy'> = {
  name: 'moto',
  package: 'moto',
  version: '5.2.5',
  pinnedIn: 'test/clients/python/requirements.txt',
  needs: ['python3'],
  install: async () => ({ command: join(await pythonTools(), 'bin/moto_server'), args: [] }),
}

/** Returns the tools that a client needs and that are not on the PATH. */
export async function missingTools({ needs }: Pick<ClientDefinition, 'needs'>): Promise<string[]> {
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
export const pythonTools = (): Promise<string> =>
  pythonEnvironment(join(cache, 'python'), join(sources, 'python/requirements.txt'))

async function buildGo(language: string): Promise<ClientTool> {
  const folder = join(sources, language)
  const program = await once(language, ['go.mod', 'go.sum', 'main.go'], async (target) => {
    await run('go', ['build', '-o', join(target, 'metering-client'), '.'], { cwd: folder })
  })
  return { command: join(program, 'metering-client'), args: [] }
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

async function buildJava(language: string, program: string): Promise<ClientTool> {
  const folder = join(sources, language)
  const target = await once(language, ['pom.xml', `${program}.java`], async (classes) => {
    const options = ['-B', '-q', '-f', join(folder, 'pom.xml')]
    await run('mvn', [...options, copyDependencies, `-DoutputDirectory=${join(classes, 'lib')}`])
    const libraries = join(classes, 'lib/*')
    await run('javac', ['-d', classes, '-cp', libraries, join(folder, `${program}.java`)])
  })
  const classPath = [target, join(target, 'lib/*')].join(delimiter)
  return { command: 'java', args: ['-cp', classPath, program] }
}

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
