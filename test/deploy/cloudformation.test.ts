import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { deployTools } from '../../scripts/tools/deploy-tools.ts'
import { root, temporaryDirectory } from '../support/program/program.ts'
import { runTool } from './run-tool.ts'

const template = join(root, 'deploy/cloudformation.yaml')
const text = readFileSync(template, 'utf8')

let cfnLint: string
beforeAll(async () => {
  cfnLint = await deployTools.cfnLint()
})

const lint = (path: string) => runTool(cfnLint, ['--include-checks', 'I', '--', path])

test.each(['cloudformation.yaml', 'saas-events.yaml'])(
  'cfn-lint finds nothing in the CloudFormation template %s',
  async (name) => {
    expect(await lint(join(root, 'deploy', name))).toEqual({ code: 0, out: '', err: '' })
  },
)

test.each([
  ['a condition that ECS does not have', 'Condition: HEALTHY', 'Condition: WELL', 'E3030'],
  ['a member that ECS does not have', 'StopTimeout: 120', 'StopTimeOut: 120', 'E3002'],
  ['a stop timeout of the wrong type', 'StopTimeout: 120', 'StopTimeout: long', 'E3012'],
  ['a reference to nothing', '!Ref SubnetIds', '!Ref Subnets', 'E1020'],
  [
    'an alarm with a comparison that CloudWatch does not have',
    'LessThanThreshold',
    'BelowThreshold',
    'E3030',
  ],
])('cfn-lint finds %s', async (_, right, wrong, rule) => {
  expect(text).toContain(right)
  const path = join(temporaryDirectory(), 'cloudformation.yaml')
  writeFileSync(path, text.replace(right, wrong))
  const { code, out } = await lint(path)
  expect(code).not.toBe(0)
  expect(out).toContain(rule)
})
