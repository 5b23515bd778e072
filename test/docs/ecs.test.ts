import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { classifyError } from '../../src/aws/classify-error.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { readTemplate } from '../support/deploy/cloudformation.ts'
import { imageOfStage } from '../support/deploy/dockerfile.ts'
import { root } from '../support/program/program.ts'
import { scratch } from '../support/scratch.ts'
import { containerOf, readTaskDefinition } from '../support/deploy/task-definition.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('guides/ecs.md')
const sidecar = containerOf(readTaskDefinition('fargate'), 'marketplace-sidecar')
const template = readTemplate()

describe('docs/guides/ecs.md', () => {
  test('explains every member of the sidecar’s container, and no other', () => {
    const listed = tableOf(page, 'Member').map(([name]) => name)
    expect(listed).toEqual(Object.keys(sidecar))
  })

  test('has every alarm of the CloudFormation template, and no other', () => {
    const alarms = Object.entries(template.Resources).filter(([, { Type }]) =>
      Type.endsWith('Alarm'),
    )
    expect(tableOf(page, 'Alarm').map(([name]) => name)).toEqual(alarms.map(([name]) => name))
  })

  test('gives every parameter that the template needs, and no other', () => {
    const given = [...page.matchAll(/ParameterKey=(\w+)/g)].map(([, name]) => name)
    const needed = Object.entries(template.Parameters)
      .filter(([, { Default }]) => Default === undefined)
      .map(([name]) => name)
    expect(given).toEqual(needed)
  })

  test('gives every variable that the Terraform module needs, and no other', () => {
    const module = readFileSync(join(root, 'deploy/terraform/main.tf'), 'utf8')
    const variables = [...module.matchAll(/^variable "(\w+)" \{\n([^]*?)^\}/gm)]
    const needed = variables.filter(([, , body = '']) => !body.includes('default ')).map(nameOf)
    const snippet = /```hcl\n([^]*?)```/.exec(page)?.[1] ?? ''
    const given = [...snippet.matchAll(/^ {2}(\w+) += /gm)].map(nameOf)
    expect(given[0]).toBe('source')
    expect(given).toEqual(expect.arrayContaining(needed))
    expect([...variables.map(nameOf), 'source']).toEqual(expect.arrayContaining(given))
    const [, output = ''] = /output `(\w+)`/.exec(page) ?? []
    expect(module).toContain(`output "${output}"`)
  })

  test('does not promise that the platform waits for the entitlement, because it checks only liveness', () => {
    expect(sidecar.healthCheck?.command).toEqual(['CMD', 'node', '/app/main.js', 'healthcheck'])
    const row = tableOf(page, 'Member').find(([name]) => name === 'healthCheck')?.[1]
    expect(row).toContain('not that the buyer is entitled')
    expect(readPage('tutorial/getting-started.md')).toMatch(
      /only wait until the sidecar answers, not until the\sbuyer is entitled/,
    )
  })

  test('has a read-only root, which prevents ECS Exec, and every page with such a command says so', () => {
    expect(sidecar.readonlyRootFilesystem).toBe(true)
    expect(page).toMatch(/^## Commands in a running task$/m)
    const pages = globSync('**/*.md', { cwd: join(root, 'docs') })
    const withCommand = pages.filter((name) =>
      /aws ecs execute-command|aws ssm start-session|through ECS Exec/.test(readPage(name)),
    )
    expect(withCommand.length).toBeGreaterThan(2)
    for (const name of withCommand)
      expect(readPage(name), name).toMatch(
        /\]\((?:\.\.\/guides\/)?ecs\.md#commands-in-a-running-task\)/,
      )
  })

  test('names the code that a missing endpoint really shows as', () => {
    const dropped = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT', syscall: 'connect' })
    const { code } = classifyError(dropped, 'MeterUsage')
    expect(page).toContain(`A missing endpoint shows as \`unreachable\` with \`${code}\``)
  })

  test('shows a container that hands the token of operators over', () => {
    const [, section = ''] = page.split('\n## Decisions on Fargate\n')
    const [, text = ''] = /```json\n([^]*?)```/.exec(section) ?? []
    const container = JSON.parse(text) as {
      entryPoint: string[]
      command: string[]
      secrets: { name: string }[]
      mountPoints: { containerPath: string }[]
    }
    const [mount] = container.mountPoints
    const [, file = ''] = /`(\/run\/\S+)`/.exec(section.slice(section.indexOf('```\n\nAdd'))) ?? []
    expect(file.startsWith(`${mount?.containerPath}/`)).toBe(true)
    const folder = mkdtempSync(join(scratch, 'operator-'))
    const [program, ...options] = container.entryPoint
    expect(program).toBe('node')
    const script = container.command.map((each) =>
      each.replaceAll(mount?.containerPath ?? '', folder),
    )
    const env = { [container.secrets[0]?.name ?? '']: 'a-token-of-operators' }
    execFileSync(process.execPath, [...options, ...script], { env })
    const written = file.replace(mount?.containerPath ?? '', folder)
    expect(readFileSync(written, 'utf8')).toBe('a-token-of-operators')
  })

  test('names only settings that exist', () => {
    const known = new Set<string>(settingsTable.map(({ name }) => name))
    const named = page.match(/SIDECAR_[A-Z_]+/g) ?? []
    expect(named.length).toBeGreaterThan(1)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('names the folder and the owner of the ledger as the image has them', () => {
    const { volumes, user } = imageOfStage('runtime')
    for (const volume of volumes) expect(page).toContain(`\`${volume}\``)
    expect(page).toContain(`the owner ${user.split(':')[0]}`)
  })
})

function nameOf([, name = '']: RegExpMatchArray): string {
  return name
}
