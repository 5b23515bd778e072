import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../scripts/build/build.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { findFreePort } from '../kill/free-port.ts'
import type { JsonFinding } from '../support/doctor/doctor-command.ts'
import {
  postUsage,
  root,
  startCommand,
  startEmulatorProgram,
  statusOf,
  temporaryDirectory,
  type EmulatorProgram,
} from '../support/program/program.ts'

let folder: string
const program = () => join(folder, 'main.js')
const start = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  startCommand(process.execPath, [program(), ...args], env)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  await bundle(join(root, 'src/main.ts'), program())
})
afterAll(() => rmSync(folder, { recursive: true }))

/** On a laptop, with everything that a sidecar needs. */
async function atHome(emulator: EmulatorProgram) {
  const directory = temporaryDirectory()
  const publicKey = join(directory, 'public-key.pem')
  writeFileSync(publicKey, await (await fetch(`${emulator.url}/_emulator/public-key`)).text())
  const [appPort, opsPort] = [await findFreePort(), await findFreePort()]
  return {
    AWS_ACCESS_KEY_ID: 'AKIADOCTORTEST',
    AWS_SECRET_ACCESS_KEY: 'top-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_AWS_ENDPOINT: emulator.url,
    SIDECAR_LISTEN: `127.0.0.1:${appPort}`,
    SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
    SIDECAR_DATA_DIR: join(directory, 'data'),
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_ROUTE: 'both',
    SIDECAR_PUBLIC_KEY_FILE: publicKey,
    SIDECAR_DIMENSIONS: 'requests,storage',
    SIDECAR_DRAIN_QUIET_MS: '0',
  }
}

async function json(args: readonly string[], env: NodeJS.ProcessEnv) {
  const { code, out, err } = await start([...args, '--json'], env).ended
  const { checks, certify } = JSON.parse(out) as {
    checks: readonly JsonFinding[]
    certify?: Readonly<Record<string, unknown>>
  }
  const of = (id: string) => checks.filter((finding) => finding.id === id)
  return { code, err, of, certify, bad: checks.filter(({ status }) => status === 'fail') }
}

describe('the built program', () => {
  test('doctor on a laptop says that this is not a task, and leaves nothing behind', async () => {
    const emulator = await startEmulatorProgram()
    const env = await atHome(emulator)
    const { code, out, err } = await start(['doctor'], env).ended
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toMatch(
      /^pass {2}platform {8}Not on AWS\. The calls go to SIDECAR_AWS_ENDPOINT\.$/m,
    )
    expect(out).toMatch(
      /^pass {2}register-usage {2}AWS confirms the buyer, signed with key version 1/m,
    )
    expect(out).toMatch(/^pass {2}dry-run {9}storage: AWS would accept a record\.$/m)
    expect(out).not.toContain('top-secret')
    expect(existsSync(env.SIDECAR_DATA_DIR)).toBe(false)
    expect(await emulator.records()).toEqual([])
  })

  test('doctor does not disturb a running sidecar, and --certify bills through it', async () => {
    const emulator = await startEmulatorProgram()
    const env = await atHome(emulator)
    const app = `http://${env.SIDECAR_LISTEN}`
    const sidecar = start(['run'], env)
    await sidecar.printed(/"event":"sidecar.started"/)
    expect(await statusOf(`${app}/v1/entitlement?wait=10`)).toBe(200)
    expect(await postUsage(app, { dimension: 'storage', quantity: 3 })).toBe(200)
    const usage = async () => {
      const answer = await (await fetch(`${app}/v1/usage`)).text()
      // Others write to the volume, and time passes.
      return JSON.parse(answer, (name, value: unknown) =>
        name === 'now' || name === 'freeBytes' ? undefined : value,
      ) as unknown
    }
    const before = await usage()

    const looked = await json(['doctor'], env)
    expect(looked.code).toBe(1)
    expect(looked.bad).toEqual([])
    expect(looked.of('app-listener')[0]?.message).toContain('A sidecar answers on')
    expect(looked.of('ops-listener')[0]?.message).toContain('A sidecar is alive on')
    expect(looked.of('ledger')[0]?.message).toContain('Every unit is in its place')
    expect(await usage()).toEqual(before)
    const rival = await start(['run'], env).ended
    expect(rival.err).toMatch(/^LedgerInUse: /)

    const certified = await json(['doctor', '--certify', '--yes'], env)
    expect(certified.code).toBe(1)
    expect(certified.certify).toMatchObject({
      status: 'pass',
      dimensions: [
        { dimension: 'requests', units: 1, duplicate: false },
        { dimension: 'storage', units: 1, duplicate: false },
      ],
      remaining: expect.arrayContaining(['This is us-east-1, which AWS requires.']),
    })
    expect(await emulator.records()).toEqual([])

    sidecar.signal('SIGTERM')
    expect(await sidecar.ended).toMatchObject({ code: 0 })
    const records = await emulator.records()
    expect(new Map(records.map(({ dimension, quantity }) => [dimension, quantity]))).toEqual(
      new Map([
        ['requests', 1],
        ['storage', 4],
      ]),
    )
    expect(records).toHaveLength(2)
  })

  test('doctor finds a full disk', async () => {
    const directory = temporaryDirectory()
    const command = `ulimit -S -f 0; exec "${process.execPath}" "${program()}" doctor --json --no-calls`
    const env = { SIDECAR_DATA_DIR: directory, AWS_EC2_METADATA_DISABLED: 'true' }
    const { code, out } = await startCommand('bash', ['-c', command], env).ended
    expect(code).toBe(2)
    const { checks } = JSON.parse(out) as { checks: readonly JsonFinding[] }
    expect(checks).toContainEqual(
      expect.objectContaining({ id: 'data-directory', problem: 'Full' }),
    )
  })

  test('run --print-config and run --check start nothing', async () => {
    const emulator = await startEmulatorProgram()
    const env = await atHome(emulator)
    const printed = await start(['run', '--print-config'], env).ended
    expect(printed).toMatchObject({ code: 0, err: '' })
    expect(printed.out).toMatch(/^SIDECAR_REGION +us-east-1 +environment$/m)
    expect(await start(['run', '--check'], env).ended).toEqual({
      code: 0,
      out: 'The settings, the product and the data directory are fine.\n',
      err: '',
    })
    const wrong = await start(['run', '--check'], { ...env, SIDECAR_DATA_DIR: '/dev/null' }).ended
    expect({ code: wrong.code, out: wrong.out }).toEqual({ code: 2, out: '' })
    expect(wrong.err).toMatch(/^InvalidSettings: The settings have a mistake; /)
    expect(existsSync(env.SIDECAR_DATA_DIR)).toBe(false)
    expect(await emulator.get('calls')).toEqual({ calls: [] })
  })
})

test('a start loads nothing of the doctor', async () => {
  const printUrls = `import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) { console.error(url); return next(url, context) } })`
  const loaded = async (...args: string[]) => {
    const hook = `data:text/javascript,${encodeURIComponent(printUrls)}`
    const { err } = await startCommand(process.execPath, ['--import', hook, 'src/main.ts', ...args])
      .ended
    return err.split('\n').filter((line) => line.includes('/src/'))
  }
  const run = await loaded('run')
  expect(run).toContainEqual(expect.stringMatching(/\/src\/sidecar\/start-sidecar\.ts$/))
  expect(run.filter((url) => url.includes('/src/doctor/'))).toEqual([])
  expect(await loaded('doctor', '--help')).toContainEqual(
    expect.stringMatching(/\/src\/doctor\/checks\/checks\.ts$/),
  )
})
