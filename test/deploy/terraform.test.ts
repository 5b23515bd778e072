import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { deployTools } from '../../scripts/tools/deploy-tools.ts'
import { root } from '../support/program/program.ts'
import { readTaskDefinition, type ContainerDefinition } from '../support/deploy/task-definition.ts'
import { runTool } from './run-tool.ts'

interface Resource {
  readonly type: string
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  readonly blocks: Readonly<Record<string, readonly Record<string, unknown>[]>>
}
interface Module {
  readonly formatted: boolean
  readonly resources: readonly Resource[]
  readonly outputs: Readonly<Record<string, unknown>>
}

const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:billing-database-AbCdEf'

let terraformValues: string
let types: string
beforeAll(async () => {
  terraformValues = await deployTools.terraformValues()
  types = await deployTools.terraformResources()
})

const plan = (...variables: string[]) =>
  planOf('deploy/terraform', 'region=us-east-1', ...variables)
const planEvents = (...variables: string[]) =>
  planOf('deploy/terraform/events', 'task_role_name=seller-application-task', ...variables)

async function planOf(...args: string[]): Promise<Module> {
  const { code, out, err } = await runTool(terraformValues, args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Module
}

function resource({ resources }: Module, type: string, name: string): Resource {
  const found = resources.find((one) => one.type === type && one.name === name)
  if (found === undefined) throw new Error(`the module does not have ${type}.${name}`)
  return found
}

function containers(module: Module): ContainerDefinition[] {
  const { values } = resource(module, 'aws_ecs_task_definition', 'task')
  return JSON.parse(String(values['container_definitions'])) as ContainerDefinition[]
}

/** The arguments of a resource, by name, and whether the provider requires each. */
function argumentsOf(type: string, interfaceName: string): Map<string, boolean> {
  const path = join(types, type.replace(/^aws_/, '').replaceAll('_', '-'), 'index.d.ts')
  const text = readFileSync(path, 'utf8')
  const body = new RegExp(`^export interface ${interfaceName}( extends .*)? \\{\\n([^]*?)^\\}`, 'm')
  const members = body.exec(text)?.[2] ?? ''
  return new Map(
    [...members.matchAll(/^ {4}readonly (\w+)(\??):/gm)].map(([, name = '', optional]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      optional === '',
    ]),
  )
}

function expectArguments(known: Map<string, boolean>, given: readonly string[]): void {
  expect(known.size).toBeGreaterThan(0)
  expect(given.filter((name) => !known.has(name))).toEqual([])
  const needed = [...known].filter(([, isNeeded]) => isNeeded).map(([name]) => name)
  expect(needed.filter((name) => !given.includes(name))).toEqual([])
}

const pascal = (name: string) =>
  name.replaceAll(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase())

describe('the Terraform module', () => {
  test('is formatted as by terraform fmt', async () => {
    expect((await plan()).formatted).toBe(true)
  })

  test('has the containers of ecs-task-def.json', async () => {
    const { containerDefinitions } = readTaskDefinition('fargate')
    expect(containers(await plan())).toEqual(
      containerDefinitions.map((container) => ({ environment: [], secrets: [], ...container })),
    )
  })

  test('has the task of ecs-task-def.json', async () => {
    const task = readTaskDefinition('fargate')
    const { values, blocks } = resource(await plan(), 'aws_ecs_task_definition', 'task')
    expect(values).toMatchObject({
      family: task.family,
      network_mode: task.networkMode,
      requires_compatibilities: task.requiresCompatibilities,
      task_role_arn: 'aws_iam_role.task.arn',
      execution_role_arn: 'aws_iam_role.execution.arn',
    })
    expect(blocks['volume']).toEqual(task.volumes)
  })

  test('gives the role of the task the policy of deploy/iam-policy.json', async () => {
    const { values } = resource(await plan(), 'aws_iam_role_policy', 'metering')
    const policy = readFileSync(join(root, 'deploy/iam-policy.json'), 'utf8')
    expect(JSON.parse(String(values['policy']))).toEqual(JSON.parse(policy))
  })

  test('accepts other images, settings and names', async () => {
    const module = await plan(
      'name=shop',
      'images={application="example/shop:2"}',
      'environment={SIDECAR_LOG_LEVEL="debug",SIDECAR_SHUTDOWN_TIMEOUT_MS="60000"}',
    )
    const [sidecar, application] = containers(module)
    expect(application?.image).toBe('example/shop:2')
    // Each name once: which of two counts is up to what starts the container.
    expect(sidecar?.environment).toEqual([
      { name: 'SIDECAR_LOG_LEVEL', value: 'debug' },
      { name: 'SIDECAR_SHUTDOWN_TIMEOUT_MS', value: '60000' },
    ])
    expect(application?.environment).toEqual([])
    expect(module.outputs['sidecar_container']).toEqual(sidecar)
    expect(resource(module, 'aws_cloudwatch_log_group', 'task').values['name']).toBe('/ecs/shop')
  })

  test('lets ECS assume the roles for tasks of this account only, in every partition', async () => {
    const module = await plan()
    for (const name of ['task', 'execution']) {
      const { values } = resource(module, 'aws_iam_role', name)
      expect(JSON.parse(String(values['assume_role_policy']))).toMatchObject({
        Statement: [{ Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } } }],
      })
    }
    const { values } = resource(module, 'aws_iam_role_policy_attachment', 'execution')
    expect(values['policy_arn']).toMatch(/^arn:aws-us-gov:iam::aws:policy\//)
  })

  test('accepts a size, a processor, a boundary and tags', async () => {
    const module = await plan(
      'cpu="1024"',
      'memory="2048"',
      'cpu_architecture="ARM64"',
      'permissions_boundary="arn:aws:iam::123456789012:policy/limits"',
      'tags={team="shop"}',
    )
    const { values, blocks } = resource(module, 'aws_ecs_task_definition', 'task')
    expect(values).toMatchObject({ cpu: '1024', memory: '2048' })
    expect(blocks['runtime_platform']).toMatchObject([{ cpu_architecture: 'ARM64' }])
    for (const name of ['task', 'execution'])
      expect(resource(module, 'aws_iam_role', name).values).toMatchObject({
        permissions_boundary: 'arn:aws:iam::123456789012:policy/limits',
      })
    const tagged = module.resources.filter(({ type }) => !/policy/.test(type))
    for (const { values: given } of tagged) expect(given['tags']).toEqual({ team: 'shop' })
    const untouched = resource(await plan(), 'aws_ecs_task_definition', 'task')
    expect(untouched.values).toMatchObject({ cpu: '512', memory: '1024' })
  })

  test('makes the task of ecs-task-def-saas.json for a product at its seller', async () => {
    const module = await plan('route=saas', `database_secret_arn=${secret}`)
    const withoutImage = (all: readonly ContainerDefinition[]) =>
      all.map((container) => ({ environment: [], secrets: [], ...container, image: '' }))
    expect(withoutImage(containers(module))).toEqual(
      withoutImage(readTaskDefinition('saas').containerDefinitions),
    )
    const policyOf = (name: string) =>
      JSON.parse(String(resource(module, 'aws_iam_role_policy', name).values['policy'])) as unknown
    const policy = readFileSync(join(root, 'deploy/iam-policy-saas.json'), 'utf8')
    expect(policyOf('metering')).toEqual(JSON.parse(policy))
    expect(policyOf('database')).toMatchObject({
      Statement: [{ Action: 'secretsmanager:GetSecretValue', Resource: secret }],
    })
    const { values } = resource(module, 'aws_iam_role_policy', 'database')
    expect(values['role']).toBe('seller-application-execution')
    const ofBuyer = (await plan()).resources.map(({ name }) => name)
    expect(ofBuyer).not.toContain('database')
  })

  test('keeps the ledger of a seller on the instance, or refuses a task that would lose it', async () => {
    const module = await plan('route=saas', 'ledger_on_instance=true')
    const { values, blocks } = resource(module, 'aws_ecs_task_definition', 'task')
    expect(values['requires_compatibilities']).toEqual(['EC2'])
    expect(blocks['volume']).toEqual([
      {
        name: 'marketplace-sidecar-data',
        docker_volume_configuration: [{ scope: 'shared', autoprovision: true, driver: 'local' }],
      },
    ])
    const refused = await runTool(terraformValues, [
      'deploy/terraform',
      'region=us-east-1',
      'route=saas',
    ])
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^"Route saas needs/) })
  })

  test.each([
    ['a route that does not exist', 'route=sass', 'route is container or saas'],
    ['a JSON key', `database_secret_arn="${secret}:url::"`, 'database_secret_arn is the whole ARN'],
    [
      'an ARN without its end',
      `database_secret_arn="${secret.replace('-AbCdEf', '')}"`,
      'database_secret_arn is the whole ARN',
    ],
    [
      'a parameter of Systems Manager',
      'database_secret_arn="arn:aws:ssm:us-east-1:123456789012:parameter/billing-AbCdEf"',
      'database_secret_arn is the whole ARN',
    ],
  ])('refuses %s', async (_, variable, message) => {
    const refused = await runTool(terraformValues, ['deploy/terraform', 'region=a', variable])
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(message) })
  })

  test('makes the queue of deploy/saas-events.yaml, to which only AWS Marketplace can send', async () => {
    const topic = 'arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-x'
    const module = await planEvents(`subscription_topic_arn=${topic}`)
    expect(module.formatted).toBe(true)
    const policyOf = (type: string, name: string, key = 'policy') =>
      JSON.parse(String(resource(module, type, name).values[key])) as unknown
    const queue = 'aws_sqs_queue.events.arn'
    const mayBeSentBy = (service: string, arn: string) => ({
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sqs:SendMessage',
      Resource: queue,
      Condition: { ArnEquals: { 'aws:SourceArn': arn } },
    })
    expect(policyOf('aws_sqs_queue_policy', 'events')).toMatchObject({
      Statement: [
        mayBeSentBy('events.amazonaws.com', 'aws_cloudwatch_event_rule.licences.arn'),
        mayBeSentBy('sns.amazonaws.com', topic),
      ],
    })
    expect(policyOf('aws_cloudwatch_event_rule', 'licences', 'event_pattern')).toEqual({
      source: ['aws.agreement-marketplace'],
      'detail-type': [{ prefix: 'License ' }],
    })
    expect(policyOf('aws_sqs_queue', 'events', 'redrive_policy')).toEqual({
      deadLetterTargetArn: 'aws_sqs_queue.refused.arn',
      maxReceiveCount: 5,
    })
    expect(policyOf('aws_iam_role_policy', 'may_read_queue')).toMatchObject({
      Statement: [
        {
          Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
          Resource: queue,
        },
      ],
    })
    expect(resource(module, 'aws_sns_topic_subscription', 'subscriptions').values).toMatchObject({
      topic_arn: topic,
      endpoint: queue,
      raw_message_delivery: false,
    })
    expect(resource(module, 'aws_cloudwatch_event_target', 'queue').values['arn']).toBe(queue)
    const withoutTopic = await planEvents()
    expect(withoutTopic.resources.map(({ type }) => type)).not.toContain(
      'aws_sns_topic_subscription',
    )
  })

  test('uses only arguments that the provider has, and all that it requires', async () => {
    const modules = [
      await plan(),
      await plan('route=saas', `database_secret_arn=${secret}`),
      await planEvents('subscription_topic_arn=arn:aws:sns:us-east-1:1:topic'),
    ]
    const resources = modules.flatMap((module) => module.resources)
    expect(resources.length).toBeGreaterThan(20)
    for (const { type, values, blocks } of resources) {
      const name = pascal(type.replace(/^aws_/, ''))
      const given = [...Object.keys(values), ...Object.keys(blocks)]
      expectArguments(argumentsOf(type, `${name}Config`), given)
      for (const [block, [first = {}]] of Object.entries(blocks))
        expectArguments(argumentsOf(type, `${name}${pascal(block)}`), Object.keys(first))
    }
  })

  test('is refused if a variable is missing or a name is unknown', async () => {
    const without = await runTool(terraformValues, ['deploy/terraform'])
    expect(without).toMatchObject({ code: 1, err: 'the variable region needs a value\n' })
    const unknown = await runTool(terraformValues, ['deploy/terraform', 'regoin=x'])
    expect(unknown).toMatchObject({ code: 1, err: 'there is no variable regoin\n' })
  })
})
