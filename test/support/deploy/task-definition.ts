import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../program/program.ts'

export interface ContainerDefinition {
  readonly name: string
  readonly image: string
  readonly essential: boolean
  readonly startTimeout?: number
  readonly stopTimeout: number
  readonly readonlyRootFilesystem?: boolean
  readonly healthCheck?: { readonly command: readonly string[] }
  readonly restartPolicy?: { readonly ignoredExitCodes: readonly number[] }
  readonly environment?: readonly { readonly name: string; readonly value: string }[]
}

export interface TaskDefinition {
  readonly family: string
  readonly requiresCompatibilities: readonly string[]
  readonly networkMode: string
  readonly taskRoleArn: string
  readonly executionRoleArn: string
  readonly volumes: readonly unknown[]
  readonly containerDefinitions: readonly ContainerDefinition[]
}

export const taskDefinitionFiles = {
  fargate: 'ecs-task-def.json',
  ec2: 'deploy/ecs-task-def-ec2.json',
} as const

export function readTaskDefinition(platform: keyof typeof taskDefinitionFiles): TaskDefinition {
  const text = readFileSync(join(root, taskDefinitionFiles[platform]), 'utf8')
  return JSON.parse(text) as TaskDefinition
}

/** Returns the container of this name. */
export function containerOf(task: TaskDefinition, name: string): ContainerDefinition {
  const container = task.containerDefinitions.find((one) => one.name === name)
  if (container === undefined) throw new Error(`there is no container ${name}`)
  return container
}

/** Returns the environment of the task's sidecar, name to value. */
export function sidecarEnvironment(task: TaskDefinition): Record<string, string> {
  const { environment = [] } = containerOf(task, 'marketplace-sidecar')
  return Object.fromEntries(environment.map(({ name, value }) => [name, value]))
}
