import { readdirSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { deployTools } from '../../scripts/tools/deploy-tools.ts'
import { root, temporaryDirectory } from '../support/program/program.ts'
import { runTool } from './run-tool.ts'

const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder)

let actionlint: string
beforeAll(async () => {
  actionlint = await deployTools.actionlint()
})

test('actionlint finds nothing in the workflows', async () => {
  expect(workflows).toEqual(expect.arrayContaining(['ci.yml', 'release.yml']))
  const paths = workflows.map((name) => join(folder, name))
  expect(await runTool(actionlint, paths)).toEqual({ code: 0, out: '', err: '' })
})

test.each([
  ['an unknown event', '\non:', '\non:\n  pushed:', /unknown Webhook event "pushed"/],
  ['an unknown key', 'runs-on:', 'run-on:', /unexpected key "run-on"/],
  ['an invalid expression', 'github.ref }}', 'github.reff }}', /property "reff" is not defined/],
])('actionlint finds %s', async (_, right, wrong, message) => {
  const text = readFileSync(join(folder, 'ci.yml'), 'utf8')
  expect(text).toContain(right)
  const home = join(temporaryDirectory(), '.github/workflows')
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'ci.yml'), text.replace(right, wrong))
  const { code, out } = await runTool(actionlint, [join(home, 'ci.yml')])
  expect(code).toBe(1)
  expect(out).toMatch(message)
})
