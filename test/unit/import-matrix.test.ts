import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folders, leaves, lintConfigText, rootFiles, vendors } from '../../scripts/lint-config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `type` means: only with `import type`. What is not named may not be imported. */
const matrix: Record<string, { leaves: boolean; value: string[]; type: string[] }> = {
  config: row(),
  platform: row('config/a'),
  protocol: row(),
  aws: row('protocol/a', 'config/a platform/a'),
  entitlement: row('', 'config/a aws/metering-api'),
  ledger: row(),
  aggregation: { ...row('ledger/types'), leaves: false },
  submission: row('ledger/a ledger/types aggregation/a', 'aws/metering-api'),
  http: row('ledger/a ledger/types entitlement/a protocol/a aggregation/a', 'config/a'),
  metrics: row('ledger/types'),
  emulator: row('protocol/a'),
  doctor: row('config/a platform/a aws/a aws/metering-api entitlement/a ledger/a ledger/types'),
  cli: row(
    'config/a platform/a protocol/a aws/a aws/metering-api entitlement/a ledger/a ledger/types ' +
      'aggregation/a submission/a http/a metrics/a emulator/a doctor/a sidecar',
  ),
  sidecar: row(
    'config/a platform/a protocol/a aws/a aws/metering-api entitlement/a ledger/a ledger/types ' +
      'aggregation/a submission/a http/a metrics/a emulator/a shutdown',
  ),
  shutdown: row(
    '',
    'config/a platform/a protocol/a aws/a aws/metering-api entitlement/a ledger/a ledger/types ' +
      'aggregation/a submission/a http/a metrics/a emulator/a',
  ),
  main: row('cli/a config/a'),
  backoff: { ...row(), leaves: false },
  clock: { ...row(), leaves: false },
  errors: { ...row(), leaves: false },
  hooks: { ...row(), leaves: false },
  log: { ...row(), leaves: false },
}

const placesOfVendors: Record<string, string[]> = {
  '@aws-sdk/client-marketplace-metering': ['aws'],
  '@smithy/node-http-handler': ['aws'],
  fastify: ['http', 'emulator'],
  jose: ['entitlement', 'emulator'],
  'jose/errors': ['entitlement', 'emulator'],
  yaml: ['emulator'],
  'node-cron': ['submission'],
  pino: ['log'],
  'prom-client': ['metrics'],
  'node:sqlite': ['ledger'],
  'node:process': ['main'],
  'node:timers': ['clock'],
  'node:timers/promises': ['clock'],
}

const placesOfGlobals: Record<string, string[]> = {
  Date: ['clock', 'log'],
  setTimeout: ['clock'],
  setInterval: ['clock'],
  'globalThis.Date': ['clock', 'log'],
  'globalThis.setTimeout': ['clock'],
  'process.env': ['main'],
}

function row(value = '', type = '') {
  const words = (text: string) => text.split(' ').filter((word) => word !== '')
  return { leaves: true, value: words(value), type: words(type) }
}

const fileOf = (part: string) => (part in folders ? `src/${part}/a.ts` : `src/${part}.ts`)
const targets = [
  ...Object.keys(folders).map((folder) => `${folder}/a`),
  ...Object.keys(rootFiles),
  'aws/metering-api',
  'ledger/types',
]

interface Probe {
  readonly part: string
  readonly code: string
  readonly allowed: boolean
}

/**
 * Each becomes a line of its own of the part's file, `$` a name of its own, so that one run of the
 * linter answers them all.
 */
const probes: Probe[] = Object.entries(matrix).flatMap(([part, allowed]) => {
  const up = part in folders ? '../' : './'
  const mayImport = (target: string) =>
    allowed.value.includes(target) ||
    (allowed.leaves && (leaves as readonly string[]).includes(target))
  return [
    ...targets
      .filter((target) => target.split('/')[0] !== part)
      .flatMap((target) => {
        const [value, from] = [mayImport(target), `from '${up}${target}.ts'`]
        return [
          { part, code: `export { v as $ } ${from}`, allowed: value },
          { part, code: `export const $ = () => import('${up}${target}.ts')`, allowed: value },
          {
            part,
            code: `export type { T as $ } ${from}`,
            allowed: value || allowed.type.includes(target),
          },
        ]
      }),
    { part, code: `export { v as $ } from '${up}../test/support/a.ts'`, allowed: false },
    { part, code: `export { v as $ } from '${up}../package.json'`, allowed: part === 'cli' },
    ...(part in folders
      ? [
          { part, code: `export { v as $ } from './b.ts'`, allowed: true },
          { part, code: `export { v as $ } from '../unheard-of/a.ts'`, allowed: false },
          { part, code: `export { v as $ } from './../main.ts'`, allowed: false },
        ]
      : []),
    ...Object.entries(placesOfVendors).map(([vendor, places]) => ({
      part,
      code: `export { v as $ } from '${vendor}'`,
      allowed: places.includes(part),
    })),
    { part, code: `export { v as $ } from 'node:crypto'`, allowed: part !== 'aggregation' },
    { part, code: `export { v as $ } from 'node:fs/promises'`, allowed: part !== 'aggregation' },
    ...Object.entries(placesOfGlobals).map(([name, places]) => ({
      part,
      code: `export const $ = ${name}`,
      allowed: places.includes(part),
    })),
  ]
})

/** One file for each of the other rules, with the rule that must speak. */
const breaches: Record<string, { file: string; text: string }> = {
  'import(no-cycle)': {
    file: 'src/config/cycle.ts',
    text: `import { b } from './cycle-back.ts'\nexport const c = () => b`,
  },
  'import(no-default-export)': { file: 'src/config/default.ts', text: 'export default 1' },
  'eslint(max-lines)': {
    file: 'src/config/long.ts',
    text: Array.from({ length: 301 }, (_, i) => `export const v${i} = ${i}`).join('\n'),
  },
  'typescript(consistent-type-imports)': {
    file: 'src/config/type-import.ts',
    text: `import { T } from './b.ts'\nexport const t = (x: T): T => x`,
  },
  'typescript(no-explicit-any)': {
    file: 'src/config/any.ts',
    text: 'export const f = (x: any): unknown => x',
  },
  'typescript(no-non-null-assertion)': {
    file: 'src/config/bang.ts',
    text: 'export const f = (x: string | undefined): string => x!',
  },
  'typescript(no-floating-promises)': {
    file: 'src/config/floating.ts',
    text: 'export const f = (p: Promise<void>): void => {\n  p\n}',
  },
  'typescript(no-misused-promises)': {
    file: 'src/config/misused.ts',
    text: 'export const f = (p: Promise<boolean>): number => (p ? 1 : 2)',
  },
  'typescript(only-throw-error)': {
    file: 'src/config/throw.ts',
    text: `export const f = (): never => {\n  throw 'text'\n}`,
  },
  'typescript(switch-exhaustiveness-check)': {
    file: 'src/config/switch.ts',
    text: `export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      f(x)\n  }\n}`,
  },
  'unicorn(prefer-node-protocol)': {
    file: 'src/config/bare.ts',
    text: `export { join } from 'path'`,
  },
}

const freeTest = {
  file: 'test/unit/free.test.ts',
  text: `export { v } from '../../src/aws/a.ts'\nexport { Registry } from 'prom-client'
export const now = [Date.now(), setTimeout, process.env]`,
}

describe('the linter', () => {
  let folder: string
  /** `file:line` to the rules that spoke there; `file` to all of its rules. */
  const spoken = new Map<string, Set<string>>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-matrix-'))
    const write = async (file: string, text: string) => {
      await mkdir(join(folder, dirname(file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
      await cp(join(root, name), join(folder, name))
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const part of Object.keys(matrix)) {
      await write(
        fileOf(part),
        linesOf(part)
          .map(({ code }, index) => code.replace('$', `v${index}`))
          .join('\n'),
      )
    }
    for (const { file, text } of [...Object.values(breaches), freeTest]) await write(file, text)
    await write('src/config/b.ts', 'export type T = string\nexport const v = 1')
    await write(
      'src/config/cycle-back.ts',
      `import { c } from './cycle.ts'\nexport const b = () => c`,
    )
    for (const { filename, line, code } of await lint(folder)) {
      for (const key of [filename, `${filename}:${line}`]) {
        spoken.set(key, (spoken.get(key) ?? new Set()).add(code))
      }
    }
  })
  afterAll(() => rm(folder, { recursive: true }))

  const judged = new Set([
    'eslint(no-restricted-imports)',
    'eslint(no-restricted-globals)',
    'node(no-process-env)',
  ])
  const refuses = (part: string, line: number) =>
    [...(spoken.get(`${fileOf(part)}:${line}`) ?? [])].some((code) => judged.has(code))

  test.each(Object.keys(matrix))('holds %s to its row of the matrix', (part) => {
    const lines = linesOf(part)
    const answer = (allowed: boolean, code: string) => `${allowed ? 'may' : 'may not'}: ${code}`
    expect(lines.map(({ code }, index) => answer(!refuses(part, index + 1), code))).toEqual(
      lines.map(({ code, allowed }) => answer(allowed, code)),
    )
  })

  test.each(Object.entries(breaches))('knows %s', (code, { file }) => {
    expect([...(spoken.get(file) ?? [])]).toContain(code)
  })

  test('lets a test import anything and use the machine as it is', () => {
    expect([...(spoken.get(freeTest.file) ?? [])].filter((code) => judged.has(code))).toEqual([])
  })
})

test('the matrix has a row for every folder and file of src, and src has no other', async () => {
  expect(Object.keys(matrix).toSorted()).toEqual(
    [...Object.keys(folders), ...Object.keys(rootFiles)].toSorted(),
  )
  const entries = await readdir(join(root, 'src'), { withFileTypes: true })
  const known = new Set([
    ...Object.keys(folders),
    ...Object.keys(rootFiles).map((name) => `${name}.ts`),
  ])
  expect(entries.map((entry) => entry.name).filter((name) => !known.has(name))).toEqual([])
})

test('every dependency has a place', async () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  )
  const hasPlace = (name: string) =>
    vendors.some((vendor) =>
      vendor.endsWith('/*') ? name.startsWith(vendor.slice(0, -1)) : name === vendor,
    )
  expect(Object.keys(manifest.dependencies).filter((name) => !hasPlace(name))).toEqual([])
})

test('.oxlintrc.json is what scripts/lint-config.ts writes', async () => {
  expect(await readFile(join(root, '.oxlintrc.json'), 'utf8')).toBe(await lintConfigText())
})

function linesOf(part: string): Probe[] {
  return probes.filter((probe) => probe.part === part)
}

async function lint(folder: string): Promise<{ filename: string; line: number; code: string }[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const args = ['--type-aware', '--format', 'json', 'src', 'test']
  const output = await promisify(execFile)(oxlint, args, { cwd: folder, maxBuffer: 2 ** 26 }).then(
    ({ stdout }) => stdout,
    (failed: { stdout: string }) => failed.stdout,
  )
  const report: {
    diagnostics: { filename: string; code: string; labels: { span: { line: number } }[] }[]
  } = JSON.parse(output)
  return report.diagnostics.map(({ filename, code, labels }) => ({
    filename,
    code,
    line: labels[0]?.span.line ?? 0,
  }))
}
