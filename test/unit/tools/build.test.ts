import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../../scripts/build/build.ts'
import { UtcDateTimeFormat } from '../../../scripts/build/utc-date-time-format.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

/** The limit of the bundle's size, which each start reads and each node pulls. */
const budgetBytes = 2_200_000

/** Every foreign package that runs in a buyer's account. A new line needs a reason in the commit. */
const bundledPackages = [
  '@aws-sdk/client-marketplace-metering',
  '@aws-sdk/core',
  '@aws-sdk/credential-provider-env',
  '@aws-sdk/credential-provider-http',
  '@aws-sdk/credential-provider-node',
  '@aws-sdk/credential-provider-web-identity',
  '@aws-sdk/nested-clients',
  '@aws-sdk/signature-v4-multi-region',
  '@aws-sdk/xml-builder',
  '@aws/lambda-invoke-store',
  '@fastify/error',
  '@fastify/forwarded',
  '@fastify/proxy-addr',
  '@pinojs/redact',
  '@smithy/core',
  '@smithy/credential-provider-imds',
  '@smithy/node-http-handler',
  '@smithy/signature-v4',
  '@smithy/types',
  'abstract-logging',
  'atomic-sleep',
  'avvio',
  'bintrees',
  'fast-decode-uri-component',
  'fast-deep-equal',
  'fast-json-stringify',
  'fast-querystring',
  'fastify',
  'fastq',
  'find-my-way',
  'ipaddr.js',
  'jose',
  'node-cron',
  'on-exit-leak-free',
  'pg',
  'pg-connection-string',
  'pg-int8',
  'pg-pool',
  'pg-protocol',
  'pg-types',
  'pino',
  'pino-std-serializers',
  'postgres-array',
  'postgres-bytea',
  'postgres-date',
  'postgres-interval',
  'process-warning',
  'prom-client',
  'quick-format-unescaped',
  'ret',
  'reusify',
  'rfdc',
  'safe-regex2',
  'safe-stable-stringify',
  'secure-json-parse',
  'sonic-boom',
  'tdigest',
  'toad-cache',
  'xtend',
]
const developmentCode = /(^|\/)(emulator\/|cli\/demo\/demo-)/

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a program that loads its commands by name', () => {
  const sources = {
    'src/main.ts': `import(\`./cli/\${process.argv[2]}/\${process.argv[2]}.ts\`).then((cli) => cli[process.argv[2]]([], { err: console.log }))`,
    'src/cli/run/run.ts': `import { createRequire } from 'node:module'
      const isStrict = (function (this: unknown) { return this === undefined })()
      export const run = (): void => console.log(typeof require('node:os').cpus, typeof createRequire, isStrict)`,
    'src/cli/emulate/emulate.ts': `export { run as emulate } from '../../emulator/service.ts'`,
    'src/cli/demo/demo.ts': `export { run as demo } from '../../emulator/service.ts'`,
    'src/emulator/service.ts': `export const run = (): void => console.log('the emulator')`,
  }
  const outfile = () => join(folder, 'dist/main.js')
  const start = (command: string) => promisify(execFile)(process.execPath, [outfile(), command])

  beforeAll(async () => {
    for (const [file, text] of Object.entries(sources)) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    await bundle(join(folder, 'src/main.ts'), outfile())
  })

  test('becomes an executable file', async () => {
    expect(await readFile(outfile(), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect((await stat(outfile())).mode & 0o111).toBe(0o111)
  })

  test('becomes one file that runs alone, in strict mode, and may call require', async () => {
    await expect(start('run')).resolves.toMatchObject({
      stdout: 'function function true\n',
      stderr: '',
    })
  })

  test.each(['demo', 'emulate'])('says that %s is not part of the image', async (command) => {
    expect((await start(command)).stdout).toMatch(/not part of the image/)
    expect(await readFile(outfile(), 'utf8')).not.toContain('the emulator')
  })
})

describe('the bundle of the program', () => {
  let inputs: readonly string[]
  let bytes: number
  const outfile = () => join(folder, 'real/main.js')
  beforeAll(async () => {
    ;({ inputs, bytes } = await bundle(main, outfile()))
  })

  test('keeps to its budget', () => {
    expect(bytes).toBeLessThan(budgetBytes)
  })

  test('contains these packages and no others', () => {
    const packages = inputs.flatMap(
      (path) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    )
    expect([...new Set(packages)].toSorted()).toEqual(bundledPackages)
  })

  test('has licences only for packages that it contains', async () => {
    const licences = await readFile(join(dirname(outfile()), 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    const named = licences.matchAll(/^(\S+) \d+\.\d+\.\d+\S* \(.+\)$/gm)
    expect([...new Set([...named].map(([, name]) => String(name)))].toSorted()).toEqual(
      bundledPackages,
    )
  })

  test('contains nothing of the emulator', () => {
    expect(inputs.filter((path) => developmentCode.test(path))).toEqual([])
    expect(inputs).toContainEqual(expect.stringMatching(/src\/main\.ts$/))
  })

  test('is ASCII, or V8 would store it at two bytes a character', async () => {
    expect((await readFile(outfile())).every((byte) => byte < 128)).toBe(true)
  })

  test('has the licences of its contents next to it', async () => {
    const licences = await readFile(join(dirname(outfile()), 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    expect(licences).toMatch(/^fastify \d/m)
    expect(licences).toMatch(/^@aws-sdk\/client-marketplace-metering \d/m)
  })
})

describe('a program that schedules with node-cron', () => {
  test('finds the next hour without the calendars of Intl', async () => {
    const entry = join(folder, 'src/cron.ts')
    await mkdir(dirname(entry), { recursive: true })
    await writeFile(
      entry,
      `import { createTask } from ${JSON.stringify(fileURLToPath(import.meta.resolve('node-cron')))}
      Intl.DateTimeFormat = class { constructor() { throw new Error('Intl was used') } }
      const task = createTask('0 * * * *', () => {}, { timezone: 'UTC' })
      Promise.resolve(task.start()).then(() => {
        console.log(Date.now(), task.getNextRun().getTime())
        return task.destroy()
      })`,
    )
    const outfile = join(folder, 'dist/cron.js')
    await bundle(entry, outfile)
    const { stdout } = await promisify(execFile)(process.execPath, [outfile])
    const [now = NaN, next] = stdout.split(' ').map(Number)
    expect([hourOf(now) + hourMs, hourOf(now) + 2 * hourMs]).toContain(next)
  })

  test.each([
    ['2026-01-01T00:00:00.000Z'],
    ['2028-02-29T23:59:59.999Z'],
    ['2026-11-26T09:08:07.006Z'],
    ['1999-12-31T12:00:00.000Z'],
  ])('reads the parts of %s as Intl does', (time) => {
    const parts = {
      timeZone: 'UTC',
      ...({ year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'short' } as const),
      ...({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const),
    }
    const date = new Date(time)
    const expected = new Intl.DateTimeFormat('en-US', parts).formatToParts(date)
    expect(new UtcDateTimeFormat('en-US', parts).formatToParts(date)).toEqual(
      expected.filter(({ type }) => type !== 'literal'),
    )
    const zone = { timeZone: 'UTC', timeZoneName: 'shortOffset' }
    expect(new UtcDateTimeFormat('en-US', zone).formatToParts(date)).toEqual([
      { type: 'timeZoneName', value: 'GMT' },
    ])
  })

  test('refuses another time zone', () => {
    expect(() => new UtcDateTimeFormat('en-US', { timeZone: 'Europe/Paris' })).toThrow(RangeError)
    expect(() => new UtcDateTimeFormat('en-US', {})).toThrow(RangeError)
  })
})

describe('the bundle of the emulator', () => {
  let inputs: readonly string[]
  const outfile = () => join(folder, 'real/emulator.js')
  beforeAll(async () => {
    const entry = fileURLToPath(
      new URL('../../../src/cli/emulate/emulate-main.ts', import.meta.url),
    )
    inputs = (await bundle(entry, outfile())).inputs
  })

  test('contains the emulator, and nothing of the sidecar', () => {
    expect(inputs).toContainEqual(expect.stringMatching(/src\/emulator\/emulator-server\.ts$/))
    expect(
      inputs.filter((path) => /src\/(aws|http|ledger|store|channels|sidecar)/.test(path)),
    ).toEqual([])
  })

  test('has its licences in a separate file', async () => {
    const name = 'emulator-THIRD-PARTY-LICENSES.txt'
    expect(await readFile(join(dirname(outfile()), name), 'utf8')).toMatch(/^yaml \d/m)
  })
})
