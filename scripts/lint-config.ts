/**
 * Writes `.oxlintrc.json`. The rules about who may import whom are data here, because an override
 * in oxlint replaces the rule that it overrides: every folder needs its own complete list of bans.
 */
import { writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'

/** Files that every part may import and that import nothing of ours. */
export const leaves = ['backoff', 'clock', 'errors', 'hooks', 'log'] as const

/** What the files of a part may import besides their own folder, as paths below `src`. */
interface Part {
  readonly leaves: boolean
  readonly imports: readonly string[]
  /** Only with `import type`. */
  readonly types: readonly string[]
  readonly vendors: readonly string[]
  /** `false` bans every module of Node. */
  readonly node?: false
}

/** Every folder of `src`; where nothing is said, nothing may be imported. */
export const folders: Record<string, Part> = {
  config: part(),
  platform: part({ imports: ['config/*'] }),
  protocol: part(),
  aws: part({
    imports: ['protocol/*'],
    types: ['config/*', 'platform/*'],
    vendors: ['@aws-sdk/*', '@smithy/*'],
  }),
  entitlement: part({ types: ['config/*', 'aws/metering-api.ts'], vendors: ['jose'] }),
  ledger: part({ vendors: ['node:sqlite'] }),
  aggregation: part({ leaves: false, imports: ['ledger/types.ts'], node: false }),
  submission: part({
    imports: ['ledger/*', 'aggregation/*'],
    types: ['aws/metering-api.ts'],
    vendors: ['node-cron'],
  }),
  http: part({
    imports: ['ledger/*', 'entitlement/*', 'protocol/*', 'aggregation/*'],
    types: ['config/*'],
    vendors: ['fastify'],
  }),
  metrics: part({ imports: ['ledger/types.ts'], vendors: ['prom-client'] }),
  emulator: part({
    imports: ['protocol/*'],
    vendors: ['fastify', 'jose', 'yaml'],
  }),
}
const everyFolder = Object.keys(folders).map((folder) => `${folder}/*`)
folders['doctor'] = part({
  imports: ['config/*', 'platform/*', 'aws/*', 'entitlement/*', 'ledger/*'],
})
folders['cli'] = part({
  imports: [...everyFolder, 'doctor/*', 'sidecar.ts', '../package.json'],
})

/** The files beside the folders. */
export const rootFiles: Readonly<Record<string, Part>> = {
  ...Object.fromEntries(leaves.map((leaf) => [leaf, part({ leaves: false })])),
  clock: part({ leaves: false, vendors: ['node:timers'] }),
  log: part({ leaves: false, vendors: ['pino'] }),
  sidecar: part({ imports: [...everyFolder, 'shutdown.ts'] }),
  shutdown: part({ types: everyFolder }),
  main: part({ imports: ['cli/*', 'config/*'], vendors: ['node:process'] }),
}

/** Everything that has one place; each is banned where `vendors` above does not name it. */
export const vendors = [
  '@aws-sdk/*',
  '@smithy/*',
  'fastify',
  'jose',
  'node-cron',
  'node:process',
  'node:sqlite',
  'node:timers',
  'pino',
  'prom-client',
  'yaml',
]

function part(differences: Partial<Part> = {}): Part {
  return { leaves: true, imports: [], types: [], vendors: [], ...differences }
}

/** `up` leads from the part's files to `src`. */
function importRule(name: string, up: '../' | './', allowed: Part): unknown {
  const see = 'See "Who may import whom" in CONTRIBUTING.md.'
  const types = allowed.types.map((path) => path.replaceAll('.', '\\.').replace('*', '[^/]+'))
  const relative = [
    ...(allowed.leaves ? leaves.map((leaf) => `${leaf}.ts`) : []),
    ...allowed.imports,
    ...allowed.types,
  ]
  const banned = vendors.filter((vendor) => !allowed.vendors.includes(vendor))
  return [
    'error',
    {
      patterns: [
        // By a regular expression, because what one list excepts passes every other list too.
        ...(types.length === 0
          ? []
          : [
              {
                regex: `^${up.replaceAll('.', '\\.')}(${types.join('|')})$`,
                allowTypeImports: true,
                message: `${name} may import only its types.`,
              },
            ]),
        {
          group: [
            ...new Set([`${up}**`, '../**']),
            './../**',
            '/**',
            'file:**',
            ...relative.map((path) => `!${up}${path}`),
          ],
          message: `${name} may not import this file. ${see}`,
        },
        {
          group: banned.flatMap((vendor) =>
            vendor.endsWith('/*') ? [`${vendor}*`] : [vendor, `${vendor}/**`],
          ),
          message: `This package has one place, which is not ${name}. ${see}`,
        },
        ...(allowed.node === false
          ? [{ group: ['node:*', 'node:*/**'], message: `${name} does pure arithmetic, no I/O.` }]
          : []),
      ],
    },
  ]
}

function restrictedGlobals(names: readonly string[]): unknown {
  const globals = names.map((name) => ({ name, message: 'Take a Clock (src/clock.ts) instead.' }))
  return ['error', { globals, checkGlobalObject: true }]
}

function maxLines(max: number): unknown {
  return { max, skipBlankLines: true, skipComments: true }
}

const overrides = [
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-globals': restrictedGlobals(['Date', 'setTimeout', 'setInterval']),
      'node/no-process-env': 'error',
    },
  },
  ...Object.entries(folders).map(([name, allowed]) => ({
    files: [`src/${name}/**/*.ts`],
    rules: { 'no-restricted-imports': importRule(name, '../', allowed) },
  })),
  ...Object.entries(rootFiles).map(([name, allowed]) => ({
    files: [`src/${name}.ts`],
    rules: { 'no-restricted-imports': importRule(name, './', allowed) },
  })),
  { files: ['src/clock.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['src/log.ts'],
    rules: { 'no-restricted-globals': restrictedGlobals(['setTimeout', 'setInterval']) },
  },
  { files: ['src/main.ts'], rules: { 'node/no-process-env': 'off' } },
  // One file for each source file, so that a file of tests may be longer than what it tests.
  { files: ['test/**/*.ts'], rules: { 'max-lines': ['error', maxLines(500)] } },
  { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
]

export const lintConfig = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'max-lines': ['error', maxLines(300)],
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
    // The second argument of expect is the message for a loop's round.
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'assert*'] }],
    // The compiler's noImplicitReturns says the same with fewer false alarms.
    'typescript/consistent-return': 'off',
    // Rows of SQLite and parsed JSON get their type where they come in, by an assertion.
    'typescript/no-unsafe-type-assertion': 'off',
    // Taste: a helper may stand beside its only use. AWS names a field `__type`.
    'unicorn/consistent-function-scoping': 'off',
    'no-underscore-dangle': 'off',
    // A `then` for its effect is fine; no-floating-promises watches over what becomes of it.
    'promise/always-return': 'off',
  },
  overrides,
}

/** The whole text of `.oxlintrc.json`, as Prettier would leave it. */
export async function lintConfigText(): Promise<string> {
  const options = await resolveConfig(target)
  return format(JSON.stringify(lintConfig), { ...options, parser: 'json' })
}

const target = new URL('../.oxlintrc.json', import.meta.url)

if (import.meta.main) await writeFile(target, await lintConfigText())
