import { globSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import {
  containerOf,
  environmentOf,
  readTaskDefinition,
  taskDefinitionFiles,
  type ContainerDefinition,
  type TaskDefinition,
} from '../../support/deploy/task-definition.ts'
import { sourceDimensions } from '../../support/deploy/source-dimensions.ts'
import { root } from '../../support/program/program.ts'

const container = { productCode: 'p', route: 'metered', dimensions: ['requests'] }
const products = {
  fargate: container,
  ec2: container,
  saas: { ...container, route: 'saas', region: 'us-east-1', customerIds: 'license-arn' },
  sources: { ...container, dimensions: sourceDimensions },
} as const
const noticeMs = 120_000

describe.each(['fargate', 'ec2', 'saas', 'sources'] as const)('the ECS task for %s', (kind) => {
  const task = readTaskDefinition(kind)
  const sidecar = containerOf(task, 'marketplace-sidecar')
  const application = containerOf(task, 'application')

  test('gives the sidecar settings that it accepts', () => {
    const reader = { readText: () => JSON.stringify(products[kind]) }
    const { shutdownTimeoutMs } = loadSettings(environmentOf(task, 'marketplace-sidecar'), reader)
    expect(shutdownTimeoutMs).toBeLessThan(sidecar.stopTimeout * 1000)
  })

  test('ends within the two minutes that a Spot task has, the application first', () => {
    const { SIDECAR_SHUTDOWN_TIMEOUT_MS } = environmentOf(task, 'marketplace-sidecar')
    const longest = application.stopTimeout * 1000 + Number(SIDECAR_SHUTDOWN_TIMEOUT_MS)
    expect(longest).toBeLessThan(noticeMs)
  })

  test('restarts a sidecar that died with its ledger, unless that cannot help', () => {
    expect(sidecar).toMatchObject({
      restartPolicy: {
        enabled: true,
        ignoredExitCodes: [exitCodes.misconfigured],
        restartAttemptPeriod: 60,
      },
    })
  })

  test('does not wait indefinitely for a sidecar that cannot start', () => {
    expect(sidecar.startTimeout).toBe(120)
  })

  test('lets all containers share one loopback', () => {
    expect(task.networkMode).toBe('awsvpc')
  })
})

test('the tasks for Fargate and for EC2 differ only in their platform and in the kind of the volume', () => {
  const { runtimePlatform, ...fargate } = {
    runtimePlatform: undefined,
    ...readTaskDefinition('fargate'),
  }
  expect(runtimePlatform).toEqual({
    operatingSystemFamily: 'LINUX',
    cpuArchitecture: 'X86_64',
  })
  expect(readTaskDefinition('ec2')).toEqual({
    ...fargate,
    requiresCompatibilities: ['EC2'],
    volumes: [
      {
        name: 'marketplace-sidecar-data',
        dockerVolumeConfiguration: { scope: 'task', driver: 'local' },
      },
    ],
  })
})

test('the task of a SaaS product differs in the ledger, which the tasks share, and in the registry', () => {
  const task = readTaskDefinition('saas')
  const { secrets = [], ...sidecar } = containerOf(task, 'marketplace-sidecar')
  expect(secrets.map(({ name }) => name)).toEqual(['SIDECAR_DATABASE_URL'])
  const application = containerOf(task, 'application')
  const fargate = readTaskDefinition('fargate')
  const own = [sidecar, application].map(({ image, ...rest }) => {
    // A SaaS product is in the registry of its seller, not in that of AWS Marketplace.
    expect(image).toMatch(/^123456789012\.dkr\.ecr\./)
    return rest
  })
  const theirs = fargate.containerDefinitions.map((each) => without(each, 'image'))
  expect({ ...task, containerDefinitions: own }).toEqual({
    ...fargate,
    containerDefinitions: theirs,
  })
})

test('the task with sources names the page to the sidecar, and the sidecar to the application', () => {
  const task = readTaskDefinition('sources')
  const fargate = readTaskDefinition('fargate')
  const settings = environmentOf(task, 'marketplace-sidecar')
  const { portMappings: [port] = [] } = containerOf(task, 'application')
  expect(settings).toMatchObject({
    SIDECAR_SCRAPE_URL: `http://127.0.0.1:${port?.containerPort}/metrics`,
  })
  expect(settings).toMatchObject(environmentOf(fargate, 'marketplace-sidecar'))
  expect(environmentOf(task, 'application')).toEqual({
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://localhost:7070/v1/metrics',
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
  })
  const plain = ({ containerDefinitions, ...rest }: TaskDefinition) => ({
    ...rest,
    containers: containerDefinitions.map((each) => without(each, 'environment')),
  })
  expect(plain(task)).toEqual(plain(fargate))
})

function without(from: ContainerDefinition, member: keyof ContainerDefinition): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name !== member))
}

test('each task definition is one of those that are tested', () => {
  const found = globSync(['ecs-task-def*.json', 'deploy/ecs-task-def*.json'], { cwd: root })
  expect(found.toSorted()).toEqual(Object.values(taskDefinitionFiles).toSorted())
})
