import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../program/program.ts'

export interface Variable {
  readonly name: string
  readonly value: string
}

export interface ContainerDefinition {
  readonly name: string
  readonly image: string
  readonly essential: boolean
  readonly startTimeout?: number
  readonly stopTimeout: number
  readonly readonlyRootFilesystem?: boolean
  readonly portMappings?: readonly { readonly containerPort: number }[]
  readonly healthCheck?: { readonly command: readonly string[] }
  readonly restartPolicy?: { readonly ignoredExitCodes: readonly number[] }
  readonly environment?: readonly Variable[]
  readonly secrets?: readonly { readonly name: string; readonly valueFrom: string }[]
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
  saas: 'deploy/ecs-task-def-saas.json',
  sources: 'deploy/ecs-task-def-sources.json',
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

/** Returns the environment of a container of the task, name to value. */
export function environmentOf(task: TaskDefinition, container: string): Record<string, string> {
  const { environment = [] } = containerOf(task, container)
  return Object.fromEntries(environment.map(({ name, value }) => [name, value]))
}
