import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { openClosedPipe } from '../support/program/pipes.ts'
import { root, startProgram } from '../support/program/program.ts'

const start = (...args: string[]) => startProgram(args).ended

/** The commands that the help names, and the empty name for the program itself. */
async function commandNames(): Promise<string[]> {
  const { out } = await start('--help')
  return ['', ...[...out.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => String(name))]
}

describe('the command line', () => {
  test('explains every command on one screen', async () => {
    const names = await commandNames()
    expect(names).toEqual(
      expect.arrayContaining(['run', 'demo', 'emulate', 'healthcheck', 'doctor']),
    )
    const helps = await Promise.all(
      names.map((name) => start(...`${name} --help`.trim().split(' '))),
    )
    for (const [index, { code, out, err }] of helps.entries()) {
      expect({ code, err }, names[index]).toEqual({ code: 0, err: '' })
      const lines = out.trimEnd().split('\n')
      expect(lines.length, names[index]).toBeLessThanOrEqual(24)
      expect(Math.max(...lines.map((line) => line.length)), names[index]).toBeLessThanOrEqual(100)
    }
  })

  test('prints its version', async () => {
    expect(await start('--version')).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
  })

  test.each(['-v', 'version'])('prints its version with %s too', async (word) => {
    expect((await start(word)).out).toBe(`${manifest.version}\n`)
  })

  test('explains itself and a command in each of the usual ways', async () => {
    const [general, ...same] = await Promise.all([
      start('help'),
      start('-h'),
      start('--help'),
      start('help', 'help'),
    ])
    for (const each of same) expect(each).toEqual(general)
    const [run, ...others] = await Promise.all([
      start('run', '--help'),
      start('run', '-h'),
      start('help', 'run'),
    ])
    for (const each of others) expect(each).toEqual(run)
  })

  test('without a command explains itself and fails', async () => {
    const { code, out } = await start()
    expect(code).toBe(2)
    expect(out).toContain('usage: marketplace-sidecar <command>')
  })

  test.each([
    [['dance'], 'InvalidArguments: There is no command "dance".'],
    [['docter'], 'Did you mean doctor?'],
    [['help', 'dance'], 'There is no command "dance"'],
    [['ledger', 'show', '1', '2'], 'takes the id of one record'],
    [['ledger', 'backup'], 'needs the name of one new file. For help, run:'],
    [['ledger', 'sho'], 'There is no ledger action "sho". Did you mean show?'],
    [['product', 'chek'], 'Did you mean check?'],
    [['demo', '--prot', '1'], 'Did you mean --port?'],
    [['run', '--chekc'], 'For help, run:\nmarketplace-sidecar run --help\n'],
    [['constructor'], 'There is no command "constructor"'],
    [['run', '--fast'], '--fast'],
    [['run', 'now'], 'now'],
    [['run', '--check', '--print-config'], 'one of --print-config and --check'],
    [['run', '--json'], 'one of --print-config and --check'],
    [['doctor', '--yes'], '--yes, --quantity and --wait need --certify'],
    [['demo', '--hour', 'soon'], '--hour must be a duration'],
    [['demo', '--route', 'free'], '--route must be hourly, metered, both'],
    [['demo', '--port', '65536'], '--port must be a number'],
    [['emulate', '--speed', '2'], '--speed'],
    [['healthcheck', '--deep'], '--deep'],
    [['ledger', 'migrate', '--grant-too'], 'Did you mean --grant-to?'],
    [['ledger', 'migrate', '--grant-to='], '--grant-to is empty.'],
  ])('refuses %j with exit code 2', async (args, words) => {
    const { code, out, err } = await start(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(words)
  })
})

describe('with a reader that has gone', () => {
  const nowhere = {
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:1',
    SIDECAR_OPS_LISTEN: '127.0.0.1:1',
    SIDECAR_LISTEN: '127.0.0.1:1',
  }
  const exitCode = (
    args: readonly string[],
    stdout: number | 'ignore',
    stderr: number | 'ignore',
  ) =>
    spawnSync(process.execPath, ['src/main.ts', ...args], {
      cwd: root,
      stdio: ['ignore', stdout, stderr],
      env: { PATH: process.env['PATH'], ...nowhere },
    }).status

  test.each([
    [['doctor', '--no-calls'], 2],
    [['run', '--check', '--json'], 2],
    [['product', 'check', '--json', 'none.json'], 2],
    [['help'], 0],
  ])('%j still ends with its verdict', (args, code) => {
    expect(exitCode(args, openClosedPipe(), 'ignore')).toBe(code)
  })

  test('a failure that only standard error could say is not a success', () => {
    expect(exitCode(['healthcheck'], 'ignore', openClosedPipe())).toBe(1)
  })
})
