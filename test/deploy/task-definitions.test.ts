import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployTools } from '../../scripts/deploy-tools.ts'
import { root, temporaryDirectory } from '../support/program.ts'
import { readTaskDefinition, taskDefinitionFiles } from '../support/task-definition.ts'
import { startRecordingEcs, type RecordingEcs } from './recording-ecs.ts'
import { runTool, type Outcome } from './run-tool.ts'

let aws: string
let ecs: RecordingEcs
beforeAll(async () => {
  aws = await deployTools.awsCli()
  ecs = await startRecordingEcs()
})
afterAll(() => ecs.close())

/** As a seller does it, but that what gets through the AWS CLI goes to this test. */
function register(path: string): Promise<Outcome> {
  const where = ['--endpoint-url', ecs.url, '--region', 'us-east-1', '--output', 'json']
  const args = ['ecs', 'register-task-definition', '--cli-input-json', `file://${path}`, ...where]
  const env = {
    HOME: temporaryDirectory(),
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  }
  return runTool(aws, args, { env })
}

test.each(['fargate', 'ec2'] as const)(
  'the AWS CLI registers the task definition for %s, member for member',
  async (platform) => {
    expect(await register(join(root, taskDefinitionFiles[platform]))).toMatchObject({
      code: 0,
      err: '',
    })
    expect(ecs.registered.at(-1)).toEqual(readTaskDefinition(platform))
  },
)

test.each([
  ['an unknown member', '"stopTimeout"', '"stopTimeOut"', /Unknown parameter .*: "stopTimeOut"/],
  [
    'a member further in',
    '"containerPath"',
    '"path"',
    /Unknown parameter in .*mountPoints.*"path"/,
  ],
  ['a member of a wrong type', '"essential":true', '"essential":"yes"', /Invalid type .*essential/],
  ['a missing member', '"family":"seller-application",', '', /Missing required.*: "family"/],
])('the AWS CLI refuses %s, so nothing is registered', async (_, right, wrong, message) => {
  const text = JSON.stringify(readTaskDefinition('fargate'))
  expect(text).toContain(right)
  const path = join(temporaryDirectory(), 'task.json')
  writeFileSync(path, text.replace(right, wrong))
  const before = ecs.registered.length
  const { code, err } = await register(path)
  expect(code).not.toBe(0)
  expect(err).toMatch(message)
  expect(ecs.registered).toHaveLength(before)
})
