import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import {
  containerOf,
  readTaskDefinition,
  sidecarEnvironment,
  taskDefinitionFiles,
} from '../../support/deploy/task-definition.ts'

const product = JSON.stringify({ productCode: 'p', route: 'metered', dimensions: ['requests'] })
const noticeMs = 120_000

describe.each(['fargate', 'ec2'] as const)('the ECS task for %s', (platform) => {
  const task = readTaskDefinition(platform)
  const sidecar = containerOf(task, 'marketplace-sidecar')
  const application = containerOf(task, 'application')

  test('gives the sidecar settings that it accepts', () => {
    const reader = { readText: () => product }
    const { shutdownTimeoutMs } = loadSettings(sidecarEnvironment(task), reader)
    expect(shutdownTimeoutMs).toBeLessThan(sidecar.stopTimeout * 1000)
  })

  test('ends within the two minutes that a Spot task has, the application first', () => {
    const { SIDECAR_SHUTDOWN_TIMEOUT_MS } = sidecarEnvironment(task)
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
  expect(Object.keys(taskDefinitionFiles)).toEqual(['fargate', 'ec2'])
})
