import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prometheusTools } from '../../scripts/tools/prometheus-tools.ts'
import { alertCases } from '../alerts/alert-cases.ts'
import { alertsFile, readRules } from '../alerts/alert-rules.ts'
import { ruleTests } from '../alerts/rule-tests.ts'

let promtool: string
let work: string
beforeAll(async () => {
  promtool = (await prometheusTools()).promtool
  work = await mkdtemp(join(tmpdir(), 'alert-rules-'))
})
afterAll(() => rm(work, { recursive: true }))

/** Returns promtool's output, both streams. Rejects if it finds a fault. */
async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(promtool, args)
  return stdout + stderr
}

describe('the alert rules', () => {
  test('are accepted by promtool', async () => {
    const said = await run('check', 'rules', '--lint=all', '--lint-fatal', alertsFile)
    expect(said).toContain(`SUCCESS: ${readRules().length} rules found`)
  })

  test('fire in every story when they have to, and only then, with the right annotations', async () => {
    const file = join(work, 'rules.test.yaml')
    await writeFile(file, ruleTests())
    expect(await run('test', 'rules', file)).toContain('SUCCESS')
  })

  test('fail in a story that ends otherwise', async () => {
    const file = join(work, 'wrong.test.yaml')
    const [story] = alertCases
    if (story === undefined) throw new Error('no story was found')
    const [moment = ''] = story.firesAt
    await writeFile(file, ruleTests([{ ...story, quietAt: [moment], firesAt: [] }]))
    await expect(run('test', 'rules', file)).rejects.toThrow(/FAILED/)
  })
})
