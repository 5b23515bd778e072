import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { embeddedTable } from '../../../src/observe/cloudwatch/embedded-metrics.ts'
import { settingsTable } from '../../../src/config/settings/settings-table.ts'
import {
  asApiMembers,
  readTemplate,
  resolveReferences,
  type Json,
} from '../../support/deploy/cloudformation.ts'
import { root } from '../../support/program/program.ts'
import {
  containerOf,
  readTaskDefinition,
  type TaskDefinition,
} from '../../support/deploy/task-definition.ts'

const template = readTemplate()
const properties = (name: string) => template.Resources[name]?.Properties ?? {}
const fargate = readTaskDefinition('fargate')
const productCode = '4a2bexampleproductcode'

/** Converts the task definition of the template to the form of the file. */
const values: Readonly<Record<string, Json>> = {
  ...Object.fromEntries(
    Object.entries(template.Parameters).flatMap(([name, { Default }]) =>
      Default === undefined ? [] : [[name, Default]],
    ),
  ),
  'AWS::StackName': fargate.family,
  'AWS::Region': 'us-east-1',
  LogGroup: '/ecs/seller-application',
  'TaskRole.Arn': fargate.taskRoleArn,
  'ExecutionRole.Arn': fargate.executionRoleArn,
  ProductCode: productCode,
}
const forContainers = { IsSaas: false, HasDatabase: false }
const forSaas = { IsSaas: true, HasDatabase: true }
const databaseSecret =
  'arn:aws:secretsmanager:us-east-1:123456789012:secret:billing-database-AbCdEf'
const saasValues = { ...values, DatabaseSecretArn: databaseSecret }
const taskFor = (given: Readonly<Record<string, Json>>, conditions: Record<string, boolean>) =>
  asApiMembers(
    resolveReferences(properties('TaskDefinition'), given, conditions),
  ) as unknown as TaskDefinition
const task = taskFor(values, forContainers)
const sidecarOf = (one: TaskDefinition) => containerOf(one, 'marketplace-sidecar')

/** The metrics that SIDECAR_EMBEDDED_METRICS writes. */
const embeddedMetrics = Object.keys(embeddedTable)

describe('the task definition of the CloudFormation template', () => {
  test('is that of ecs-task-def.json, with the product code and the metrics for the alarms', () => {
    const own = ['SIDECAR_PRODUCT_CODE', 'SIDECAR_EMBEDDED_METRICS']
    const environment = sidecarOf(task).environment ?? []
    expect(environment.filter(({ name }) => own.includes(name))).toEqual([
      { name: 'SIDECAR_PRODUCT_CODE', value: productCode },
      { name: 'SIDECAR_EMBEDDED_METRICS', value: 'true' },
    ])
    const containerDefinitions = task.containerDefinitions.map((container) =>
      container.name === 'marketplace-sidecar'
        ? { ...container, environment: environment.filter(({ name }) => !own.includes(name)) }
        : container,
    )
    expect({ ...task, containerDefinitions }).toEqual(fargate)
  })

  test('has the secret of ecs-task-def-saas.json where a database is given', () => {
    const { secrets, ...sidecar } = sidecarOf(taskFor(saasValues, forSaas))
    expect(secrets).toEqual(sidecarOf(readTaskDefinition('saas')).secrets)
    expect(sidecar).toEqual(sidecarOf(task))
  })

  test('names only settings that exist', () => {
    const known = new Set<string>(settingsTable.map(({ name }) => name))
    const named = (sidecarOf(task).environment ?? []).map(({ name }) => name)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})

test.each([
  ['deploy/iam-policy.json', forContainers],
  ['deploy/iam-policy-saas.json', forSaas],
])('the role of the task allows what %s allows, and nothing else', (file, conditions) => {
  const policy: unknown = JSON.parse(readFileSync(join(root, file), 'utf8'))
  const { Policies = null, ManagedPolicyArns } = properties('TaskRole')
  expect(resolveReferences(Policies, values, conditions)).toEqual([
    { PolicyName: 'marketplace-metering', PolicyDocument: policy },
  ])
  expect(ManagedPolicyArns).toBeUndefined()
})

test('ECS may read the secret of the database, and no other', () => {
  const policies = (conditions: Record<string, boolean>) =>
    JSON.stringify(
      resolveReferences(properties('ExecutionRole')['Policies'] ?? null, saasValues, conditions),
    )
  expect(policies(forSaas)).toContain(
    `"Action":"secretsmanager:GetSecretValue","Resource":"${databaseSecret}"`,
  )
  expect(policies(forContainers)).not.toContain('secretsmanager')
})

test('the secret of the database is a whole one, which the role may read', () => {
  const { AllowedPattern: pattern = '' } = template.Parameters['DatabaseSecretArn'] ?? {}
  const isAllowed = (arn: string) => new RegExp(`^(?:${pattern as string})$`).test(arn)
  const parameter = 'arn:aws:ssm:us-east-1:123456789012:parameter/billing-AbCdEf'
  const withoutEnd = databaseSecret.replace('-AbCdEf', '')
  expect(['', databaseSecret].filter((arn) => !isAllowed(arn))).toEqual([])
  expect([`${databaseSecret}:url::`, withoutEnd, parameter].filter(isAllowed)).toEqual([])
})

test('a SaaS product without a database is refused before anything is made', () => {
  expect(template.Rules['SaasNeedsDatabase']).toMatchObject({
    RuleCondition: { 'Fn::Equals': [{ Ref: 'Route' }, 'saas'] },
    Assertions: [{ Assert: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'DatabaseSecretArn' }, ''] }] } }],
  })
})

test('only the application can be reached from outside the task', () => {
  const { SecurityGroupIngress } = properties('SecurityGroup')
  expect(SecurityGroupIngress).toMatchObject([
    { FromPort: { Ref: 'ApplicationPort' }, ToPort: { Ref: 'ApplicationPort' } },
  ])
})

describe('the alarms of the CloudFormation template', () => {
  const alarms = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([name, resource]) => [name, resource.Properties] as const)

  test.each(alarms)('%s uses a metric of this product', (_, alarm) => {
    const metrics = alarm['Metrics'] === undefined ? [alarm] : statisticsOf(alarm['Metrics'])
    expect(metrics.length).toBeGreaterThan(0)
    for (const metric of metrics) {
      expect(metric['Namespace']).toBe('MarketplaceSidecar')
      expect(embeddedMetrics).toContain(metric['MetricName'])
      expect(metric['Dimensions']).toEqual([{ Name: 'ProductCode', Value: { Ref: 'ProductCode' } }])
    }
    expect(alarm['AlarmDescription']).toMatch(/^[A-Z].+\.$/)
    expect(alarm['AlarmActions']).toEqual({
      'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmTopicArn' }], { Ref: 'AWS::NoValue' }],
    })
  })

  test('use every metric that the sidecar writes', () => {
    const seen = JSON.stringify(alarms)
    for (const name of embeddedMetrics) expect(seen).toContain(`"MetricName":"${name}"`)
  })

  test('go off when they should', () => {
    const rules = alarms.map(([name, alarm]) => [
      name,
      alarm['Statistic'] ?? 'largest of both signs',
      alarm['ComparisonOperator'],
      alarm['Threshold'],
      alarm['TreatMissingData'],
    ])
    expect(rules).toEqual([
      ['NotEntitled', 'Minimum', 'LessThanThreshold', 1, 'notBreaching'],
      ['UnsentForTwoHours', 'Maximum', 'GreaterThanThreshold', 7200, 'notBreaching'],
      ['UnsentForFiveHours', 'Maximum', 'GreaterThanThreshold', 18000, 'notBreaching'],
      ['RefusedRecords', 'Maximum', 'GreaterThanThreshold', 0, 'notBreaching'],
      ['UnresolvedRecords', 'Maximum', 'GreaterThanThreshold', 0, 'notBreaching'],
      ['Imbalance', 'largest of both signs', 'GreaterThanThreshold', 0, 'notBreaching'],
      ['ClockSkew', 'largest of both signs', 'GreaterThanThreshold', 60, 'notBreaching'],
      ['LedgerSpace', 'Minimum', 'LessThanThreshold', 67108864, 'notBreaching'],
      ['HeldHour', 'Minimum', 'LessThanThreshold', 10800, 'notBreaching'],
      ['UsageHeld', 'Maximum', 'GreaterThanThreshold', 0, 'notBreaching'],
      ['CustomerUnregistered', 'Minimum', 'LessThanThreshold', 43200, 'notBreaching'],
      ['LedgerUnreadable', 'Minimum', 'LessThanThreshold', 1, 'notBreaching'],
      ['Silent', 'SampleCount', 'LessThanThreshold', 1, 'breaching'],
    ])
  })
})

function statisticsOf(metrics: Json): Record<string, Json>[] {
  return (metrics as readonly { MetricStat?: { Metric: Record<string, Json> } }[]).flatMap(
    ({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]),
  )
}
