import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployTools } from '../../scripts/tools/deploy-tools.ts'
import { readPage } from '../docs/page.ts'
import { root, temporaryDirectory } from '../support/program/program.ts'
import { readTaskDefinition, taskDefinitionFiles } from '../support/deploy/task-definition.ts'
import { startRecordingAws, type RecordingAws } from './recording-aws.ts'
import { runTool, type Outcome } from './run-tool.ts'

const saas = readPage('guides/saas.md')
let aws: string
let recording: RecordingAws
beforeAll(async () => {
  aws = await deployTools.awsCli()
  recording = await startRecordingAws()
})
afterAll(() => recording.close())

/** Registers as a seller does, but the AWS CLI's requests go to this test. */
function call(...args: string[]): Promise<Outcome> {
  const where = ['--endpoint-url', recording.url, '--region', 'us-east-1', '--output', 'json']
  const env = {
    HOME: temporaryDirectory(),
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  }
  return runTool(aws, [...args, ...where], { env })
}
const register = (path: string) =>
  call('ecs', 'register-task-definition', '--cli-input-json', `file://${path}`)

test.each(['fargate', 'ec2', 'saas', 'sources'] as const)(
  'the AWS CLI registers the task definition for %s, member for member',
  async (platform) => {
    expect(await register(join(root, taskDefinitionFiles[platform]))).toMatchObject({
      code: 0,
      err: '',
    })
    expect(recording.calls.at(-1)).toEqual({
      operation: 'RegisterTaskDefinition',
      input: readTaskDefinition(platform),
    })
  },
)

test.each([
  ['an unknown member', '"stopTimeout"', '"stopTimeOut"', /Unknown parameter .*: "stopTimeOut"/],
  [
    'an unknown nested member',
    '"containerPath"',
    '"path"',
    /Unknown parameter in .*mountPoints.*"path"/,
  ],
  [
    'a member of the wrong type',
    '"essential":true',
    '"essential":"yes"',
    /Invalid type .*essential/,
  ],
  ['a missing member', '"family":"seller-application",', '', /Missing required.*: "family"/],
])('the AWS CLI refuses %s, so nothing is registered', async (_, right, wrong, message) => {
  const text = JSON.stringify(readTaskDefinition('fargate'))
  expect(text).toContain(right)
  const path = join(temporaryDirectory(), 'task.json')
  writeFileSync(path, text.replace(right, wrong))
  const before = recording.calls.length
  const { code, err } = await register(path)
  expect(code).not.toBe(0)
  expect(err).toMatch(message)
  expect(recording.calls).toHaveLength(before)
})

test('the AWS CLI registers a task for EC2 whose volume stays, as the page on SaaS has it', async () => {
  const [, volume = ''] =
    /^```json\n(\{\n {2}"name": "marketplace-sidecar-data"[^]*?)```/m.exec(saas) ?? []
  const path = join(temporaryDirectory(), 'task.json')
  const task = { ...readTaskDefinition('ec2'), volumes: [JSON.parse(volume)] }
  writeFileSync(path, JSON.stringify(task))
  expect(await register(path)).toMatchObject({ code: 0, err: '' })
  expect(recording.calls.at(-1)?.input).toEqual(task)
})

/** The commands of both pages as words. None has a quoted argument. */
const commands = [readPage('guides/ecs.md'), saas].flatMap((page) => {
  const found = [...page.matchAll(/^ *(aws .*)$/gm)]
  if (found.length < 4) throw new Error(`the page has ${found.length} commands`)
  return found.map(([, line = '']) => line.split(' '))
})

test.each(commands)('the AWS CLI accepts the command on the page: %s %s %s', async (...words) => {
  const [, , operation = ''] = words
  expect(await call(...words.slice(1))).toMatchObject({ code: 0, err: '' })
  const pascal = operation.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
  expect(recording.calls.at(-1)?.operation).toBe(pascal)
})
