import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importRules, vendorPlaces } from '../../../scripts/generate/import-rules.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const rows: Readonly<Record<string, readonly string[]>> = importRules
const folders = Object.keys(rows)
const vendors = Object.keys(vendorPlaces)

/** The folders of src that are further down than any other of their top folder. */
const deepest = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ parentPath, name }) => relative(join(root, 'src'), join(parentPath, name)))
  .toSorted((a, b) => b.split('/').length - a.split('/').length)
  .filter((path, index, all) => {
    const inSame = (other: string) => other.split('/')[0] === path.split('/')[0]
    return all.findIndex(inSame) === index
  })

/** Every place that a rule names: the folders, and the subfolders that may import a vendor. */
const places = [...new Set([...folders, ...Object.values(vendorPlaces).flat(), ...deepest])]
const fileOf = (place: string) => (place === 'main' ? 'src/main.ts' : `src/${place}/a.ts`)
const upFrom = (place: string) => (place === 'main' ? './' : '../'.repeat(place.split('/').length))
const isIn = (place: string, homes: readonly string[]) =>
  homes.some((home) => `${place}/`.startsWith(`${home}/`))

interface Probe {
  /** `$` stands for a name that is unique in the file. */
  readonly code: string
  readonly allowed: boolean
}

const placesOfGlobals: Readonly<Record<string, readonly string[]>> = {
  Date: ['observe/log'],
  setTimeout: [],
  'globalThis.Date': ['observe/log'],
  'process.env': ['main'],
}

/** Returns imports and globals, some allowed in a file of `place` and some not. */
function probesOf(place: string): Probe[] {
  const [folder = ''] = place.split('/')
  const up = upFrom(place)
  const allowed = rows[folder] ?? []
  return [
    ...folders
      .filter((name) => name !== folder && name !== 'main')
      .flatMap((name) => [
        { code: `export { v as $ } from '${up}${name}/a.ts'`, allowed: allowed.includes(name) },
        {
          code: `export type { T as $ } from '${up}${name}/deep/a.ts'`,
          allowed: allowed.includes(name),
        },
      ]),
    { code: `export { v as $ } from './other.ts'`, allowed: true },
    { code: `export { v as $ } from '${up}../test/support/a.ts'`, allowed: false },
    { code: `export { v as $ } from '${up}../src/kernel/a.ts'`, allowed: false },
    { code: `export { v as $ } from './${up}kernel/a.ts'`, allowed: false },
    ...vendors.flatMap((vendor) => {
      const name = vendor.replace('/*', '/client')
      const may = isIn(place, vendorPlaces[vendor] ?? [])
      return [
        { code: `export { v as $ } from '${name}'`, allowed: may },
        { code: `export { v as $ } from '${name}/deep'`, allowed: may },
      ]
    }),
    { code: `export { v as $ } from 'node:crypto'`, allowed: folder !== 'metering' },
    // The clock itself has exceptions for a single file.
    ...Object.entries(placesOfGlobals)
      .filter(([name]) => place !== 'observe/log' || !name.includes('Date'))
      .map(([name, homes]) => ({ code: `export const $ = ${name}`, allowed: isIn(place, homes) })),
  ]
}

/** A file for each of the other rules, by the rule that must report it. */
const breaches: Record<string, { file: string; text: string }> = {
  'import(no-cycle)': {
    file: 'src/config/cycle.ts',
    text: `import type { B } from './cycle-back.ts'\nexport type C = B | 1`,
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
  text: `export { v } from '../../../src/aws/a.ts'\nexport { Registry } from 'prom-client'
export const now = [Date.now(), setTimeout, process.env]`,
}

const copied = [
  'oxlint.config.ts',
  'scripts/generate/import-rules.ts',
  'tsconfig.json',
  'package.json',
]

describe('the linter', () => {
  let folder: string
  /** The rules that reported each `file:line` and each `file`. */
  const spoken = new Map<string, Set<string>>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'import-rules-'))
    const write = async (file: string, text: string) => {
      await mkdir(join(folder, dirname(file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    for (const name of copied) {
      await mkdir(join(folder, dirname(name)), { recursive: true })
      await cp(join(root, name), join(folder, name))
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const place of places) {
      const lines = probesOf(place).map(({ code }, index) => code.replace('$', `v${index}`))
      await write(fileOf(place), lines.join('\n'))
    }
    for (const { file, text } of [...Object.values(breaches), freeTest]) await write(file, text)
    await write('src/config/b.ts', 'export type T = string\nexport const v = 1')
    await write(
      'src/config/cycle-back.ts',
      `import type { C } from './cycle.ts'\nexport type B = C | 2`,
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
  const refuses = (place: string, line: number) =>
    [...(spoken.get(`${fileOf(place)}:${line}`) ?? [])].some((code) => judged.has(code))

  test.each(places)('holds %s to its row of the table', (place) => {
    const probes = probesOf(place)
    const answer = (allowed: boolean, code: string) => `${allowed ? 'may' : 'may not'}: ${code}`
    expect(probes.map(({ code }, index) => answer(!refuses(place, index + 1), code))).toEqual(
      probes.map(({ code, allowed }) => answer(allowed, code)),
    )
  })

  test.each(Object.entries(breaches))('enforces %s', (code, { file }) => {
    expect([...(spoken.get(file) ?? [])]).toContain(code)
  })

  test('lets a test import anything and use the machine as it is', () => {
    expect([...(spoken.get(freeTest.file) ?? [])].filter((code) => judged.has(code))).toEqual([])
  })
})

test('the table has a row for every folder of src, and src has no other', async () => {
  const entries = await readdir(join(root, 'src'))
  expect(entries.map((name) => name.replace(/\.ts$/, '')).toSorted()).toEqual(folders.toSorted())
})

test('every folder imports only from rows above its own', () => {
  for (const [index, folder] of folders.entries())
    for (const below of rows[folder] ?? [])
      expect(folders.indexOf(below), `${folder} imports ${below}`).toBeLessThan(index)
})

test('every dependency has a place', async () => {
  const manifest: { dependencies: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  )
  const hasPlace = (name: string) =>
    vendors.some((vendor) => name === vendor || name.startsWith(vendor.replace(/\*?$/, '')))
  expect(Object.keys(manifest.dependencies).filter((name) => !hasPlace(name))).toEqual([])
})

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
