import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { checkConfig, printConfig } from '../../src/cli/run/run-config.ts'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { testMachine } from '../support/doctor/test-machine.ts'
import { createRsaKey } from '../support/aws/mint-token.ts'
import { temporaryDirectory } from '../support/program/program.ts'

const pem = createRsaKey(1024).publicKeyPem
const token = 'a-token-that-must-stay-secret'
const product = {
  productCode: 'code-1',
  trustedProductCodes: ['code-2'],
  publicKeys: { 1: pem },
  route: 'both',
  dimensions: ['requests', { name: 'storage', unit: 'bytes', divisor: 1024 }],
}

function setUp(env: Readonly<Record<string, string>>, document: object = product) {
  const files: Readonly<Record<string, string>> = {
    '/product.json': JSON.stringify(document),
    '/token': token,
  }
  const out: string[] = []
  const machine = testMachine({ env, reader: { readText: (path) => files[path] } })
  const io = {
    env,
    stdin: new PassThrough(),
    out: (line: string) => void out.push(line),
    err: () => {},
    onSignal: () => {},
    abandon: () => {},
  }
  return { out, machine, io }
}

describe('run --print-config', () => {
  const env = {
    SIDECAR_PRODUCT_CODE: 'code-2',
    SIDECAR_API_TOKEN_FILE: '/token',
    SIDECAR_LOG_LEVEL: 'warn',
  }

  test('prints every setting with its source, and the product', () => {
    const { out, machine, io } = setUp(env)
    expect(printConfig(io, machine, false)).toBe(0)
    const cells = out.map((line) => line.split(/ {2,}/))
    expect(cells.slice(1, settingsTable.length + 1).map(([name]) => name)).toEqual(
      settingsTable.map(({ name }) => name),
    )
    expect(cells).toContainEqual(['SIDECAR_PRODUCT_CODE', 'code-2', 'environment'])
    expect(cells).toContainEqual(['SIDECAR_ROUTE', 'both', '/product.json'])
    expect(cells).toContainEqual(['SIDECAR_FAIL_MODE', 'closed', 'default'])
    expect(cells).toContainEqual(['SIDECAR_REGION', 'not set'])
    expect(cells).toContainEqual(['product code', 'code-2'])
    expect(cells).toContainEqual(['trusted codes', 'code-2'])
    expect(out.join('\n')).toMatch(/^public keys {4}version 1, RSA 1024, [0-9a-f]{64}$/m)
    expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  test('prints no secret', () => {
    const database = { SIDECAR_DATABASE_URL: `postgres://user:${token}@host/book` }
    const { out, machine, io } = setUp({ ...env, ...database })
    printConfig(io, machine, false)
    expect(out.join('\n')).toContain('*** (in /token)')
    expect(out.join('\n')).toMatch(/^SIDECAR_DATABASE_URL +\*\*\* +environment$/m)
    expect(out.join('\n')).not.toContain(token)
  })

  test('prints the same as JSON', () => {
    const { out, machine, io } = setUp(env)
    expect(printConfig(io, machine, true)).toBe(0)
    const { settings, product: facts } = JSON.parse(out.join(''))
    expect(settings).toHaveLength(settingsTable.length)
    expect(settings).toContainEqual({
      name: 'SIDECAR_LOG_LEVEL',
      value: 'warn',
      source: 'environment',
    })
    expect(facts).toMatchObject({
      file: '/product.json',
      productCode: 'code-2',
      trustedProductCodes: ['code-2'],
      publicKeys: [{ version: 1, bits: 1024 }],
      dimensions: [{ name: 'requests' }, { name: 'storage', unit: 'bytes', divisor: '1024' }],
    })
    expect(out.join('')).not.toContain(token)
  })

  test('lists the mistakes, if there are any, instead', () => {
    const { machine, io } = setUp({ SIDECAR_LOG_LEVEL: 'loud', SIDECAR_LOG: 'x' })
    expect(() => printConfig(io, machine, false)).toThrow(/^The settings have 2 mistakes; /)
  })
})

describe('run --check', () => {
  test('passes with the warnings, and starts and creates nothing', async () => {
    const parent = temporaryDirectory()
    const { out, machine, io } = setUp({ SIDECAR_DATA_DIR: join(parent, 'data') })
    expect(await checkConfig(io, machine, false)).toBe(0)
    expect(out).toEqual([
      'The settings, the product and the data directory are valid, with warnings:',
      expect.stringMatching(/^warning {8}publicKeys\["1"\]: the key has 1024 bits only/),
    ])
    expect(readdirSync(parent)).toEqual([])
  })

  test('lists every mistake of the settings, the product and the data directory at once', async () => {
    const env = { SIDECAR_DATA_DIR: '/dev/null/data', SIDECAR_LOG_LEVEL: 'loud' }
    const { out, machine, io } = setUp(env, { ...product, route: 'free' })
    const failing = checkConfig(io, machine, false)
    await expect(failing).rejects.toMatchObject({ code: 'InvalidSettings' })
    const message = await failing.catch((error: Error) => error.message)
    expect(message).toMatch(/^The settings have 3 mistakes; /)
    expect(message).toContain('\n- SIDECAR_LOG_LEVEL: "loud" is not allowed')
    expect(message).toContain('\n- /product.json: route: "free" is not allowed')
    expect(message).toContain('\n- SIDECAR_DATA_DIR: /dev/null/data is not a directory.')
    expect(out).toEqual([])
  })

  test('prints the same as JSON, with exit code 2', async () => {
    const { out, machine, io } = setUp({ SIDECAR_DATA_DIR: '/dev/null' })
    expect(await checkConfig(io, machine, true)).toBe(2)
    expect(JSON.parse(out.join(''))).toEqual({
      ok: false,
      mistakes: ['SIDECAR_DATA_DIR: /dev/null is not a directory. Correct SIDECAR_DATA_DIR.'],
      warnings: [expect.stringContaining('1024 bits')],
    })
    const fine = setUp({ SIDECAR_DATA_DIR: temporaryDirectory() })
    expect(await checkConfig(fine.io, fine.machine, true)).toBe(0)
    expect(JSON.parse(fine.out.join(''))).toMatchObject({ ok: true, mistakes: [] })
  })

  test('reports a wrong data directory setting only once', async () => {
    const { out, machine, io } = setUp({ SIDECAR_DATA_DIR: 'relative' })
    expect(await checkConfig(io, machine, true)).toBe(2)
    expect(JSON.parse(out.join('')).mistakes).toHaveLength(1)
  })
})
