import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { parseArgs } from 'node:util'
import { drawRanges, mutatedFolders } from './mutation-plan.ts'
import { reportOf, type StrykerReport } from './mutation-report.ts'

const help = `Changes the rules of the ledger in small ways (mutants), and runs the tests against each change.

usage: npm run mutate -- [options]

  --ranges <n>     how many ranges of 25 lines are mutated (40; all: every one)
  --seed <n>       draws the ranges (a new one, printed)
  --folder <path>  only files of this folder
  --with <seeds>   adds up what earlier draws found that were made here, such as 1,2
  --no-static      leaves out what runs only when a file is loaded, a tenth of all: it takes half of the time
  --target <n>     the share of mutants that have to die, in per cent (90)`

const { values } = parseArgs({
  options: {
    ranges: { type: 'string', default: '40' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 2 ** 31)}` },
    folder: { type: 'string' },
    with: { type: 'string' },
    static: { type: 'boolean', default: true },
    target: { type: 'string', default: '90' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const isNumber = (text: string) => /^\d+$/.test(text)
const earlier = values.with?.split(',') ?? []
const areNumbers = [values.seed, ...earlier].every(isNumber)
if (!(isNumber(values.ranges) || values.ranges === 'all') || !areNumbers) {
  console.error(help)
  process.exit(2)
}

/** Pinned here and not in package.json: only this suite needs Stryker and what comes with it. */
const tools = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1']
const home = '.cache/stryker'
const reportFile = `${home}/mutation.json`
const keptReport = (seed: string) => `${home}/mutation-${seed}.json`

const lost = earlier.filter((seed) => !existsSync(keptReport(seed)))
if (lost.length > 0) {
  console.error(`No draw with the seed ${lost.join(', ')} was made here.`)
  process.exit(2)
}

installStryker()
const count = values.ranges === 'all' ? Number.POSITIVE_INFINITY : Number(values.ranges)
const folders = values.folder === undefined ? mutatedFolders : [values.folder]
const ranges = drawRanges(folders, count, Number(values.seed))
console.log(`seed ${values.seed}: ${ranges.length} ranges of ${folders.join(', ')}`)
rmSync(reportFile, { force: true })
writeFileSync(`${home}/stryker.config.json`, JSON.stringify(configOf(ranges)))
const stryker = spawnSync(
  process.execPath,
  [
    `${home}/node_modules/@stryker-mutator/core/bin/stryker.js`,
    'run',
    `${home}/stryker.config.json`,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
)
if (!existsSync(reportFile)) process.exit(stryker.status ?? 1)
copyFileSync(reportFile, keptReport(values.seed))
const draws = [...earlier, values.seed].map(
  (seed) => JSON.parse(readFileSync(keptReport(seed), 'utf8')) as StrykerReport,
)
const report = reportOf(draws)
for (const line of report.lines) console.log(line)
process.exit(report.percent >= Number(values.target) ? 0 : 1)

function installStryker(): void {
  if (existsSync(`${home}/node_modules/@stryker-mutator/vitest-runner`)) return
  mkdirSync(home, { recursive: true })
  writeFileSync(`${home}/package.json`, '{"private": true}\n')
  const npm = ['install', '--no-audit', '--no-fund', '--legacy-peer-deps', '--save-exact']
  execFileSync('npm', [...npm, ...tools], { cwd: home, stdio: 'inherit' })
  // The tests and the runner have to share one Vitest.
  symlinkSync('../../../node_modules/vitest', `${home}/node_modules/vitest`)
}

function configOf(mutate: readonly string[]): object {
  return {
    mutate,
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    // TypeScript 7 has no JavaScript API, so Stryker must not look for it.
    tsconfigFile: 'none.json',
    coverageAnalysis: 'perTest',
    ignoreStatic: !values.static,
    concurrency: 2,
    // A machine that does something else too must not make a slow test look like one that hangs.
    timeoutMS: 30_000,
    timeoutFactor: 2,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: reportFile },
    tempDirName: `${home}/sandbox`,
    ignorePatterns: ['.cache', 'dist', 'docs', 'bench', 'helm', 'deploy', 'examples'],
    disableTypeChecks: false,
    allowEmpty: true,
  }
}
