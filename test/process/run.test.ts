import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { eventually } from '../support/eventually.ts'
import {
  postUsage,
  startCommand,
  startEmulatorProgram,
  startProgram,
  statusOf,
  temporaryDirectory,
  type EmulatorProgram,
} from '../support/program/program.ts'

/** As in a task whose role has these credentials. */
async function environmentFor(emulator: EmulatorProgram): Promise<Record<string, string>> {
  const directory = temporaryDirectory()
  const publicKey = join(directory, 'public-key.pem')
  writeFileSync(publicKey, await (await fetch(`${emulator.url}/_emulator/public-key`)).text())
  return {
    AWS_ACCESS_KEY_ID: 'AKIAPROCESSTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_REGION: 'eu-central-1',
    SIDECAR_AWS_ENDPOINT: emulator.url,
    SIDECAR_LISTEN: '127.0.0.1:0',
    SIDECAR_OPS_LISTEN: '127.0.0.1:0',
    SIDECAR_DATA_DIR: join(directory, 'data'),
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_ROUTE: 'both',
    SIDECAR_PUBLIC_KEY_FILE: publicKey,
    SIDECAR_DIMENSIONS: 'requests,storage',
    SIDECAR_DRAIN_QUIET_MS: '0',
  }
}

async function startRun(env: Record<string, string>, program = startProgram(['run'], env)) {
  const [line = ''] = await program.printed(/^\{.*"event":"sidecar.started".*\}$/m)
  const { app, ops } = JSON.parse(line) as { app: string; ops: string }
  return { program, app: `http://${app}`, ops }
}

describe('the command run', () => {
  test('proves, accepts usage, is healthy, and sends the open hour on SIGTERM', async () => {
    const emulator = await startEmulatorProgram()
    const env = await environmentFor(emulator)
    const { program, app, ops } = await startRun(env)
    const healthcheck = (...args: string[]) =>
      startProgram(['healthcheck', ...args], { SIDECAR_OPS_LISTEN: ops }).ended

    expect(await statusOf(`${app}/v1/entitlement?wait=10`)).toBe(200)
    expect(await healthcheck()).toEqual({ code: 0, out: '', err: '' })
    expect(await healthcheck('--ready')).toEqual({ code: 0, out: '', err: '' })
    expect(await postUsage(app, { dimension: 'storage', quantity: 3 })).toBe(200)

    const rival = await startProgram(['run'], env).ended
    expect(rival.code).toBe(3)
    expect(rival.err).toMatch(/^LedgerInUse: Another sidecar has the ledger open /)

    program.signal('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0, err: '' })
    expect(await emulator.records()).toMatchObject([
      { resource: 'AKIAPROCESSTEST', region: 'eu-central-1', dimension: 'storage', quantity: 3 },
    ])
    const { code, err } = await healthcheck()
    expect(code).toBe(1)
    expect(err).toMatch(/\/livez did not answer: /)
  })

  test('a SIGTERM that comes while the settings are read ends it once it has started', async () => {
    const directory = temporaryDirectory()
    const tokenFile = join(directory, 'token')
    writeFileSync(tokenFile, 'a'.repeat(32))
    // Node reads the file as the program does, and the signal comes with it.
    const preload = `import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const { openSync } = fs
      fs.openSync = (path, ...rest) => {
        if (path === ${JSON.stringify(tokenFile)}) process.kill(process.pid, 'SIGTERM')
        return openSync(path, ...rest)
      }
      syncBuiltinESMExports()`
    const { code, out } = await startProgram(['run'], {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}`,
      SIDECAR_REGION: 'eu-central-1',
      SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:1',
      SIDECAR_LISTEN: '127.0.0.1:0',
      SIDECAR_OPS_LISTEN: '127.0.0.1:0',
      SIDECAR_DATA_DIR: join(directory, 'data'),
      SIDECAR_PRODUCT_CODE: demoProduct.productCode,
      SIDECAR_ROUTE: 'metered',
      SIDECAR_DIMENSIONS: 'requests',
      SIDECAR_API_TOKEN_FILE: tokenFile,
      SIDECAR_DRAIN_QUIET_MS: '0',
    }).ended
    expect(code).toBe(0)
    expect(out).toContain('"event":"sidecar.stopped"')
  })

  test('an application that leaks connections does not use up the files that the sidecar may open', async () => {
    const env = await environmentFor(await startEmulatorProgram())
    const limited = ['--nofile=400:400', process.execPath, 'src/main.ts', 'run']
    const { app, ops } = await startRun(env, startCommand('prlimit', limited, env))
    const { hostname, port } = new URL(app)
    const leaked = Array.from({ length: 500 }, () => connect(Number(port), hostname))
    onTestFinished(() => leaked.forEach((socket) => socket.destroy()))
    // Those without a place are closed, or never had one.
    for (const socket of leaked) socket.on('error', () => {}).resume()
    await eventually(() => leaked.some(({ closed }) => closed))
    const health = () => startProgram(['healthcheck'], { SIDECAR_OPS_LISTEN: ops }).ended
    expect(await eventually(async () => (await health()).code === 0)).toBe(true)
    await eventually(async () => {
      const usage = postUsage(app, { dimension: 'storage', quantity: 3 })
      return (await usage.catch(() => 0)) === 200
    })
  })

  test('lives but is not ready while the buyer is not entitled', async () => {
    const emulator = await startEmulatorProgram()
    const settings = { method: 'POST', body: '{"entitled":false}' }
    await fetch(`${emulator.url}/_emulator/settings`, settings)
    const { app, ops } = await startRun(await environmentFor(emulator))
    await eventually(async () => (await statusOf(`${app}/v1/entitlement`)) === 403)
    const env = { SIDECAR_OPS_LISTEN: ops }
    expect(await startProgram(['healthcheck'], env).ended).toMatchObject({ code: 0 })
    const { code, err } = await startProgram(['healthcheck', '--ready'], env).ended
    expect(code).toBe(1)
    expect(err).toMatch(/answered 503: denied\n/)
  })

  test('lists every wrong setting at once, with exit code 2', async () => {
    const { code, out, err } = await startProgram(['run'], {
      SIDECAR_LISTEN: '0.0.0.0:7070',
      SIDECAR_DATA_DIR: 'relative',
      SIDECAR_ROUTE: 'free',
      SIDECAR_SEAL_DELAY_SECONDS: 'soon',
      SIDECAR_DIMENSION: 'requests',
      SIDECAR_PUBLIC_KEY_FILE: '/nowhere/key.pem',
    }).ended
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^InvalidSettings: The settings have \d+ mistakes; /)
    for (const name of [
      'LISTEN',
      'DATA_DIR',
      'ROUTE',
      'SEAL_DELAY_SECONDS',
      'DIMENSION',
      'PRODUCT_CODE',
    ])
      expect(err, name).toMatch(new RegExp(`^- SIDECAR_${name}: `, 'm'))
  })

  test('ends with exit code 3 when it cannot write its data directory', async () => {
    const directory = '/dev/null/data'
    const emulator = await startEmulatorProgram()
    const env = { ...(await environmentFor(emulator)), SIDECAR_DATA_DIR: directory }
    const { code, err } = await startProgram(['run'], env).ended
    expect(code).toBe(3)
    expect(err).toContain(
      `DataDirectoryUnusable: The data directory ${directory} cannot be written`,
    )
  })

  test('ends with exit code 1 when its port is taken', async () => {
    const emulator = await startEmulatorProgram()
    const { host } = new URL(emulator.url)
    const env = { ...(await environmentFor(emulator)), SIDECAR_OPS_LISTEN: host }
    const { code, err } = await startProgram(['run'], env).ended
    expect(code).toBe(1)
    expect(err).toContain(`ListenFailed: Cannot listen on ${host} `)
  })
})
