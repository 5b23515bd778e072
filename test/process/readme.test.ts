import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { exitCodes } from '../../src/cli/exit-codes.ts'
import {
  demoAddresses,
  earlyInTheHour,
  root,
  startCommand,
  statusOf,
  type DemoAddresses,
} from '../support/program.ts'

const page = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
const shellLines = blocks('sh').flatMap((block) => block.trim().split('\n'))
const examples = blocks('console').flatMap((block) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const end = text.indexOf('\n')
      return { command: text.slice(0, end), answer: text.slice(end + 1) }
    }),
)
const bash = async (command: string) =>
  (await promisify(execFile)('bash', ['-c', command], { cwd: root })).stdout
const hasCurl = await bash('command -v curl').then(
  () => true,
  () => false,
)

/** What is the same every time: JSON in one form, without the times and ids of this run. */
function steady(answer: string): unknown {
  const text = answer
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uuid>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
  return text.startsWith('{') ? JSON.parse(text) : text
}

describe('the README', () => {
  test('starts with the name, two sentences, and the two commands', () => {
    const [name = '', intro = ''] = page.split('\n\n')
    expect(name).toBe('# marketplace-sidecar')
    expect(intro.match(/\.(?=\s|$)/g)).toHaveLength(2)
    expect(shellLines.slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test'])
    expect(page.split('\n').length).toBeLessThan(130)
  })

  test('names only scripts that there are', () => {
    const named = shellLines.flatMap((line) =>
      [...line.matchAll(/npm (?:run )?([a-z:-]+)/g)].map(([, script]) => script),
    )
    expect(named.length).toBeGreaterThan(4)
    for (const script of named) expect(['ci', ...Object.keys(manifest.scripts)]).toContain(script)
  })

  test('links only to what is there', () => {
    const targets = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => String(target))
    expect(targets.length).toBeGreaterThan(5)
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([])
  })

  test('lists the exit codes that the program has', () => {
    const listed = [...page.matchAll(/^\| (\d) \|/gm)].map(([, code]) => Number(code))
    expect(listed).toEqual(Object.values(exitCodes))
  })

  test('shows a command line that answers', async () => {
    const line = 'npm run cli -- --help'
    expect(shellLines).toContain(line)
    expect(await bash(`exec ${line} 2>/dev/null`)).toContain('usage: marketplace-sidecar <command>')
  })

  test.skipIf(!hasCurl)('shows requests with the answers that npm start really gives', async () => {
    expect(examples.map(({ command }) => command.split(' ')[0])).toEqual(examples.map(() => 'curl'))
    const demo = startCommand('npm', [
      'start',
      '--',
      '--hour',
      '4s',
      '--port',
      '0',
      '--ops-port',
      '0',
      '--emulator-port',
      '0',
    ])
    const addresses = await demoAddresses(demo)
    await statusOf(`${addresses.app}/v1/entitlement?wait=10`)
    await earlyInTheHour(addresses)
    for (const { command, answer } of examples) {
      const run = async () => steady(await bash(withPorts(command, addresses)))
      const first = await run()
      const changesNothing = !command.includes('-d ')
      await expect
        .poll(() => (changesNothing ? run() : first), { timeout: 10_000, message: command })
        .toEqual(steady(answer))
    }
    demo.signal('SIGINT')
    expect(await demo.ended).toMatchObject({ code: 0 })
  })
})

/** The README's ports are the defaults; the test's are free ones. */
function withPorts(command: string, { app, ops, emulator }: DemoAddresses): string {
  return command
    .replace('localhost:7070', new URL(app).host)
    .replace('localhost:9464', new URL(ops).host)
    .replace('localhost:7071', new URL(emulator).host)
}
