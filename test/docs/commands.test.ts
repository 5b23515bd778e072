import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import type { CliIo } from '../../src/cli/cli-io.ts'
import { demo } from '../../src/cli/demo/demo.ts'
import { doctor } from '../../src/cli/doctor/doctor.ts'
import { emulate } from '../../src/cli/emulate/emulate.ts'
import { healthcheck } from '../../src/cli/healthcheck/healthcheck.ts'
import { ledgerCommand } from '../../src/cli/ledger/ledger-command.ts'
import { product } from '../../src/cli/product/product-command.ts'
import { run } from '../../src/cli/run/run.ts'
import { openApiPaths } from '../../src/http/openapi/openapi-paths.ts'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

const commands = {
  run,
  demo,
  emulate,
  healthcheck,
  ledger: ledgerCommand,
  doctor,
  product,
} as const
type Name = keyof typeof commands

/** CHANGELOG.md mentions what no longer exists. */
const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules', '.cache', 'dist'] })
  .filter((path) => path !== 'CHANGELOG.md')
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8').replaceAll('\\\n', ' ') }))

/** What matches a pattern on any page, as its groups, and the page. */
function found(pattern: RegExp): readonly { path: string; groups: readonly string[] }[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((match) => ({ path, groups: match.map((each) => each ?? '') })),
  )
}

/** Returns the help of a command, which names every option and action that it has. */
async function helpOf(name: Name): Promise<string> {
  const lines: string[] = []
  const io: CliIo = {
    isTerminal: false,
    env: {},
    stdin: process.stdin,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    onSignal: () => {},
    abandon: () => {},
  }
  await commands[name](['--help'], { ...io, stdin: Readable.from([]) as typeof process.stdin })
  return lines.join('\n')
}

const optionsIn = (text: string) =>
  [...text.matchAll(/(?<![\w-])--([a-z][\w-]*)/g)].map(([, name]) => name)

describe('a command of this program on a page', () => {
  const names = Object.keys(commands).join('|')
  const ours = new RegExp(
    `(?:marketplace-sidecar|main\\.js|npm run (?:-s )?cli --) (${names})\\b([^\`\\n|&;)"]*)`,
    'g',
  )
  const lines = [
    ...found(ours).map(({ path, groups: [, name = '', rest = ''] }) => ({ path, name, rest })),
    ...found(/npm start --( [^`\n|&;)"]*)/g).map(({ path, groups: [, rest = ''] }) => ({
      path,
      name: 'demo',
      rest,
    })),
  ]

  test.each(Object.keys(commands) as Name[])('has only the options of %s', async (name) => {
    const known = new Set([...optionsIn(await helpOf(name)), 'help'])
    const used = lines.filter((line) => line.name === name)
    const unknown = used.filter(({ rest }) => optionsIn(rest).some((option) => !known.has(option)))
    expect(unknown).toEqual([])
  })

  test.each(['ledger', 'product'] as const)('has only the actions of %s', async (name) => {
    const known = new Set(
      [...(await helpOf(name)).matchAll(/^ {2}([a-z]+)\b/gm)].map(([, each]) => each),
    )
    const used = lines.flatMap(({ path, name: own, rest }) => {
      const [, action] = /^ ([a-z]+)\b/.exec(rest) ?? []
      return own === name && action !== undefined ? [{ path, action }] : []
    })
    expect(used.length).toBeGreaterThan(3)
    expect(used.filter(({ action }) => !known.has(action))).toEqual([])
  })

  test('is on many pages', () => {
    expect(lines.length).toBeGreaterThan(60)
  })
})

test('a script on a page has only options that its folder reads', () => {
  const scripts: Readonly<Record<string, string>> = manifest.scripts
  const used = found(/npm run (?:-s )?([a-z][a-z:-]*) -- ((?:[^`\n|&;)]|\)(?=\S))*)/g).filter(
    ({ groups: [, name] }) => name !== 'cli',
  )
  expect(used.length).toBeGreaterThan(5)
  const unknown = used.flatMap(({ path, groups: [, name = '', rest = ''] }) => {
    const [entry = ''] = /\S+\.ts$/.exec(scripts[name] ?? '') ?? []
    // The options of vitest are its own.
    if (entry === '') return []
    const folder = join(root, dirname(entry))
    const text = globSync('**/*.ts', { cwd: folder })
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n')
    return optionsIn(rest)
      .filter((option) => !new RegExp(`['"\`\\s-]${option}['"\`:\\s]`).test(text))
      .map((option) => ({ path, name, option }))
  })
  expect(unknown).toEqual([])
})

describe('a request on a page', () => {
  const asked = (port: number) =>
    found(new RegExp(`(?:localhost|127\\.0\\.0\\.1|<pod>):${port}(/[^\\s'"\`?)\\]},>]*)`, 'g')).map(
      ({ path, groups: [, route = ''] }) => ({ path, route: route.replace(/[.:;]+$/, '') }),
    )
  const matches = (known: readonly string[]) => {
    const forms = known.map(
      (each) => new RegExp(`^${each.replaceAll('.', '\\.').replaceAll(/\{\w+\}|:\w+/g, '[^/]+')}$`),
    )
    return ({ route }: { route: string }) => forms.some((form) => form.test(route))
  }

  test('asks the application’s listener for a route that it has', () => {
    const known = [...Object.keys(openApiPaths), '/', '/openapi.json']
    const used = asked(7070)
    expect(used.length).toBeGreaterThan(30)
    expect(used.filter((each) => !matches(known)(each))).toEqual([])
  })

  test('asks the listener for operation for a route that it has', () => {
    const used = asked(9464)
    expect(used.length).toBeGreaterThan(3)
    expect(
      used.filter((each) => !matches(['/livez', '/readyz', '/metrics', '/prestop'])(each)),
    ).toEqual([])
  })

  test('asks the emulator for a route that it has', () => {
    const routes = tableOf(readPage('reference/emulator.md'), 'Route').map(([request = '']) =>
      request.replace(/^[A-Z, ]+ /, ''),
    )
    const used = asked(7071).filter(({ route }) => route !== '/')
    expect(used.length).toBeGreaterThan(5)
    expect(used.filter((each) => !matches(routes)(each))).toEqual([])
  })
})

/** What else the blocks of commands begin with, and what holds it or why nothing here can. */
const others: Readonly<Record<string, string>> = {
  aws: 'test/deploy has the AWS CLI accept those of the guides for ECS and SaaS; the others need a running task',
  cd: 'a folder, checked below',
  cosign: 'needs a release that a workflow has signed',
  curl: 'its routes are checked above, and the tutorials are run in test/process',
  'dist/marketplace-sidecar': 'test/binary runs it',
  docker: 'needs an engine; test/image and test/deploy build and run the same without one',
  eksctl: 'needs a cluster in AWS',
  export: 'settings, checked in names.test.ts',
  helm: 'test/chart renders what the pages install',
  kubectl: 'needs a cluster; test/kubernetes applies the manifest to a real API server',
  'marketplace-sidecar': 'checked above',
  mkdir: 'a folder of the reader',
  node: 'test/process runs the bundle of the emulator',
  npm: 'checked above',
  pip: 'scripts/tools install the same requirements',
  python: 'test/examples runs the program',
  sha256sum: 'needs the files of a release',
  sqlite3: 'test/unit/ledger damages files in the same way, and has no such program',
}

test('each command in a block is checked by something, or there is a reason why not', () => {
  const blocks = found(/^ *```(sh|bash|console)\n([^]*?)^ *```/gm)
  const used = blocks.flatMap(({ path, groups: [, language, block = ''] }) =>
    block
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => (language === 'console' ? line.startsWith('$ ') : /^[^#]/.test(line)))
      .map((line) => line.replace(/^\$ |^[A-Z_]+=\$\(/, '').replace(/^(?:[A-Z_]+=\S*\s*)+/, ''))
      .filter((line) => line !== '')
      .map((line) => ({ path, line, program: line.split(' ')[0] ?? '' })),
  )
  expect(used.length).toBeGreaterThan(100)
  expect(used.filter(({ program }) => others[program] === undefined)).toEqual([])
  const programs = new Set(used.map(({ program }) => program))
  expect(Object.keys(others).filter((program) => !programs.has(program))).toEqual([])
  for (const { line } of used.filter(({ program }) => program === 'cd'))
    expect(existsSync(join(root, line.slice(3))), line).toBe(true)
})
