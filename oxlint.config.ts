import { defineConfig } from 'oxlint'
import { importRules, vendorPlaces } from './scripts/generate/import-rules.ts'

const folders: Readonly<Record<string, readonly string[]>> = importRules
/** The folders, followed by the subfolders that may import a vendor: a later override wins. */
const places = new Set([...Object.keys(folders), ...Object.values(vendorPlaces).flat()])

const see = 'See "Who may import whom" in CONTRIBUTING.md.'

/** Makes the bans for the files of `place` that are `depth` folders below `src`. */
function importBans(place: string, depth: number): unknown {
  const [folder = ''] = place.split('/')
  const up = depth === 0 ? String.raw`\./` : String.raw`(?:\./)?` + String.raw`\.\./`.repeat(depth)
  const allowed = [folder, ...(folders[folder] ?? [])]
  const banned = Object.keys(folders).filter((name) => !allowed.includes(name))
  const vendors = Object.entries(vendorPlaces)
    .filter(([, homes]) => !homes.some((home) => `${place}/`.startsWith(`${home}/`)))
    .map(([vendor]) => vendor.replace('/*', ''))
  const ban = (regex: string, message: string) => ({ regex, message: `${message} ${see}` })
  return [
    'error',
    {
      patterns: [
        ban(`^${up}(?:${banned.join('|')})(?:/|[.]ts$)`, `${folder} may not import this.`),
        ban(
          `^${up}[.][.]/(?:[.]|src/|test/|scripts/|bench/|node_modules/)`,
          'src imports only from src.',
        ),
        ban('^/|^file:|^[.]/[.]', 'Import by the shortest path.'),
        ban(
          `^(?:${vendors.join('|')})(?:/|$)`,
          `This module belongs in another place than ${place}.`,
        ),
        ...(folder === 'metering' ? [ban('^node:', 'metering does arithmetic, without I/O.')] : []),
      ],
    },
  ]
}

function importOverrides(place: string) {
  if (place === 'main')
    return [{ files: ['src/main.ts'], rules: { 'no-restricted-imports': importBans(place, 0) } }]
  const own = place.split('/').length
  return [1, 2, 3, 4]
    .filter((depth) => depth >= own)
    .map((depth) => ({
      files: [`src/${place}/${'*/'.repeat(depth - own)}*.ts`],
      rules: { 'no-restricted-imports': importBans(place, depth) },
    }))
}

function restrictedGlobals(names: readonly string[]): unknown {
  const message = 'Use a Clock (src/kernel/clock.ts) instead.'
  const globals = names.map((name) => ({ name, message }))
  return ['error', { globals, checkGlobalObject: true }]
}

function maxLines(max: number): unknown {
  return ['error', { max, skipBlankLines: true, skipComments: true }]
}

// The linter expects a default export here.
export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'max-lines': maxLines(300),
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'unicorn/prefer-node-protocol': 'error',
    // The second argument of expect is a message, for assertions in a loop.
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'assert*'] }],
    // The compiler's noImplicitReturns finds the same with fewer false alarms.
    'typescript/consistent-return': 'off',
    // Rows from SQLite and parsed JSON get their type from an assertion where they enter.
    'typescript/no-unsafe-type-assertion': 'off',
    // A matter of taste: a helper may stand next to its only use. AWS names a field `__type`.
    'unicorn/consistent-function-scoping': 'off',
    'no-underscore-dangle': 'off',
    // A `then` for its effect is fine; no-floating-promises checks the outcome.
    'promise/always-return': 'off',
  },
  overrides: [
    {
      files: ['src/**/*.ts'],
      rules: {
        'no-restricted-globals': restrictedGlobals(['Date', 'setTimeout', 'setInterval']),
        'node/no-process-env': 'error',
      },
    },
    ...[...places].flatMap(importOverrides),
    { files: ['src/kernel/clock.ts'], rules: { 'no-restricted-globals': 'off' } },
    {
      files: ['src/observe/log/create-log.ts'],
      rules: { 'no-restricted-globals': restrictedGlobals(['setTimeout', 'setInterval']) },
    },
    { files: ['src/main.ts'], rules: { 'node/no-process-env': 'off' } },
    // There is one test file for each source file, so a test file may be longer than its source.
    { files: ['test/**/*.ts'], rules: { 'max-lines': maxLines(500) } },
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
} as Parameters<typeof defineConfig>[0])
