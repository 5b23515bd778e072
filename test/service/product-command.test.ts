import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { CliIo } from '../../src/cli/cli-io.ts'
import { productCommand } from '../../src/cli/product/product-command.ts'
import { fileReader } from '../../src/kernel/text/read-text.ts'
import { readProductFile } from '../../src/product/load-product.ts'
import { productSchema } from '../../src/product/product-schema.ts'
import { productWarnings } from '../../src/product/product-warnings.ts'
import { temporaryDirectory } from '../support/program/program.ts'

const pemOf = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString()
const long = pemOf(2048)
const short = pemOf(1024)
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

async function run(args: readonly string[], document?: unknown, old?: unknown) {
  const out: string[] = []
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const code = await productCommand(
    args,
    {
      env: {},
      stdin: new PassThrough(),
      out: (line) => void out.push(line),
      err: () => {},
      onSignal: () => {},
      abandon: () => {},
    },
    { readText: (path) => ({ 'product.json': text, 'old.json': JSON.stringify(old) })[path] },
  )
  return { code, out }
}

const good = {
  productCode: 'code-1',
  trustedProductCodes: ['code-2'],
  publicKeys: { 1: long, 2: short },
  route: 'both',
  dimensions: ['requests', { name: 'storage', unit: 'bytes', divisor: 1024 }],
}

describe('product check', () => {
  test('prints what a valid file says, with a warning for a short key', async () => {
    const { code, out } = await run(['check', 'product.json'], good)
    expect(code).toBe(0)
    expect(out).toEqual([
      'product.json is valid, with warnings:',
      'warning        publicKeys["2"]: the key has 1024 bits only; ask AWS for one of 2048 bits or more.',
      'product code   code-1',
      'trusted codes  code-2',
      'route          both',
      expect.stringMatching(/^public keys {4}version 1, RSA 2048, [0-9a-f]{64}$/),
      expect.stringMatching(/^ {15}version 2, RSA 1024, [0-9a-f]{64}$/),
      'dimensions     requests',
      "               storage (1024 bytes make one of AWS's)",
    ])
    const sound = await run(['check', 'product.json'], { ...good, publicKeys: { 1: long } })
    expect(sound.out[0]).toBe('product.json is fine.')
  })

  test('cannot fix the database, whose URL is a secret that the place decides', async () => {
    const settings = { SIDECAR_DATABASE_URL: 'postgres://seller:the-password@db/book' }
    const { code, out } = await run(['check', 'product.json', '--json'], { ...good, settings })
    expect(code).toBe(2)
    expect(JSON.parse(out.join(''))).toMatchObject({
      mistakes: [expect.stringContaining("a product file can't fix it")],
    })
    expect(out.join('')).not.toContain('the-password')
  })

  test('warns of the codes of the examples, which AWS does not know', async () => {
    const example = JSON.parse(readFileSync('examples/seller-image/product.json', 'utf8')) as object
    const { code, out } = await run(['check', 'product.json'], example)
    expect(code).toBe(0)
    expect(out.slice(0, 3)).toEqual([
      'product.json is valid, with warnings:',
      expect.stringMatching(/^warning {8}productCode: this is a placeholder; /),
      expect.stringMatching(/^warning {8}trustedProductCodes\[0\]: .* is a placeholder; /),
    ])
  })

  test('prints the settings that the file fixes, and lists their mistakes', async () => {
    const settings = { SIDECAR_LATE_USAGE: 'hold' }
    const fixed = await run(['check', 'product.json'], { ...good, settings })
    expect(fixed.out).toContain('fixed settings SIDECAR_LATE_USAGE=hold')
    const args = ['check', 'product.json', '--json']
    const wrong = await run(args, { ...good, settings: { SIDECAR_LATE_USAGE: 'x' } })
    expect(wrong.code).toBe(2)
    expect(JSON.parse(wrong.out.join(''))).toMatchObject({
      mistakes: ['settings["SIDECAR_LATE_USAGE"]: "x" is not allowed; give carry, hold'],
    })
  })

  test('says what a change does to usage that is open', async () => {
    const next = { ...good, dimensions: ['requests', { name: 'storage', divisor: 1 }] }
    const args = ['check', 'product.json', '--against', 'old.json']
    const { code, out } = await run(args, next, good)
    expect(code).toBe(0)
    expect(out.slice(-4)).toEqual([
      '',
      'requests: same. Open usage continues.',
      'storage: new-divisor. Open usage keeps the divisor 1024, and new usage has 1. The old fraction is',
      '  not billed any more.',
    ])
    const json = await run([...args, '--json'], next, good)
    expect(JSON.parse(json.out.join(''))).toMatchObject({
      ok: true,
      changes: [
        { dimension: 'requests', change: 'same' },
        { dimension: 'storage', change: 'new-divisor' },
      ],
    })
  })

  test('an old file that is wrong or absent is a mistake', async () => {
    const args = ['check', 'product.json', '--against', 'old.json']
    for (const old of [undefined, { productCode: 1 }])
      await expect(run(args, good, old)).rejects.toMatchObject({
        code: 'InvalidProductFile',
        message: expect.stringMatching(/^old\.json has/),
      })
  })

  test('lists every mistake at once', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `d${index}`)
    const bad = {
      productCode: 'not allowed!',
      publicKeys: { 1: curve, 2: pemOf(512), x: long },
      route: 'both',
      dimensions: ['d1', ...names],
      colour: 'red',
    }
    const failing = run(['check', 'product.json'], bad)
    await expect(failing).rejects.toMatchObject({ code: 'InvalidProductFile' })
    const message = await failing.catch((error: Error) => error.message)
    expect(message).toMatch(/^product\.json has 7 mistakes:\n- /)
    for (const words of [
      '"colour": there is no such member',
      'productCode: "not allowed!" is not allowed',
      'publicKeys["1"]: it is a key of the type ec and must be an RSA key',
      'publicKeys["2"]: it is an RSA key of 512 bits and must have at least 1024',
      'publicKeys["x"]: the version is not allowed',
      'dimensions: 26 dimensions; AWS allows at most 24',
      'the dimension "d1" is listed twice',
    ])
      expect(message).toContain(words)
  })

  test('prints the same as JSON with --json', async () => {
    const fine = await run(['check', 'product.json', '--json'], good)
    expect(fine.code).toBe(0)
    expect(JSON.parse(fine.out.join(''))).toMatchObject({
      file: 'product.json',
      ok: true,
      mistakes: [],
      warnings: [expect.stringContaining('1024 bits')],
      product: { productCode: 'code-1', publicKeys: [{ version: 1, bits: 2048 }, { version: 2 }] },
    })
    const bad = await run(['check', 'product.json', '--json'], { route: 'metered' })
    expect(bad.code).toBe(2)
    expect(JSON.parse(bad.out.join(''))).toMatchObject({
      ok: false,
      mistakes: [
        expect.stringMatching(/^productCode: missing/),
        expect.stringMatching(/^dimensions: missing/),
      ],
      product: null,
    })
  })

  test('warns of values that are allowed and probably mistaken', async () => {
    const odd = {
      productCode: 'code-1',
      trustedProductCodes: ['code-1', 'code-2', 'code-2'],
      publicKeys: { 1: long, 2: long },
      route: 'metered',
      dimensions: ['requests'],
    }
    const { out } = await run(['check', 'product.json', '--json'], odd)
    expect(JSON.parse(out.join('')).warnings).toEqual([
      expect.stringMatching(/^publicKeys\["2"\]: this is also the key of version 1/),
      expect.stringMatching(/^trustedProductCodes\[0\]/),
      expect.stringMatching(/^trustedProductCodes\[2\]/),
      expect.stringMatching(/^publicKeys: the route metered/),
    ])
    const hourly = { ...odd, trustedProductCodes: [], publicKeys: { 1: long }, route: 'hourly' }
    const other = await run(['check', 'product.json', '--json'], hourly)
    expect(JSON.parse(other.out.join('')).warnings).toEqual([
      expect.stringMatching(/^dimensions: with the route hourly/),
    ])
  })

  test.each([
    ['a file that is not there', ['check', 'other.json'], 'InvalidProductFile'],
    ['no file', ['check'], 'InvalidArguments'],
    ['two files', ['check', 'product.json', 'b.json'], 'InvalidArguments'],
    ['an unknown action', ['build'], 'InvalidArguments'],
  ])('refuses %s', async (_name, args, code) => {
    await expect(run(args, good)).rejects.toMatchObject({ code })
  })

  test('never repeats a private key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const { out } = await run(['check', 'product.json', '--json'], {
      ...good,
      publicKeys: { 1: secret },
    })
    expect(out.join('')).toContain('private key, which does not belong here')
    expect(out.join('')).not.toContain(secret.split('\n')[1])
  })
})

describe('product', () => {
  test('prints the schema', async () => {
    const { code, out } = await run(['schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out.join(''))).toEqual(productSchema)
  })

  test('explains itself', async () => {
    expect((await run(['--help'])).code).toBe(0)
    expect((await run([])).code).toBe(2)
  })
})

describe('product init', () => {
  const io: CliIo = {
    env: {},
    stdin: new PassThrough(),
    out: () => {},
    err: () => {},
    onSignal: () => {},
    abandon: () => {},
  }
  const init = (...args: string[]) => productCommand(['init', ...args], io, fileReader)

  test('writes a file that passes the check, with the public key of the portal', async () => {
    const folder = temporaryDirectory()
    const [key, file] = [join(folder, 'key.pem'), join(folder, 'product.json')]
    writeFileSync(key, long)
    const dimensions = ['--dimension', 'users', '--dimension', 'storage']
    expect(await init(file, '--public-key', key, '--product-code', 'code-1', ...dimensions)).toBe(0)
    expect(readProductFile(file, fileReader)).toMatchObject({
      ok: true,
      value: { productCode: 'code-1', route: 'both', dimensions: [{ name: 'users' }, {}] },
    })
  })

  test('without options writes a metered product, whose placeholder the check reports', async () => {
    const file = join(temporaryDirectory(), 'product.json')
    expect(await init(file)).toBe(0)
    const product = readProductFile(file, fileReader)
    expect(product.ok && productWarnings(product.value)).toEqual([
      expect.stringContaining('placeholder'),
    ])
  })

  test('writes a file for SaaS, with the region and what customers are billed by', async () => {
    const file = join(temporaryDirectory(), 'product.json')
    await init(file, '--route', 'saas', '--region', 'eu-west-1', '--customer-ids', 'account')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      route: 'saas',
      region: 'eu-west-1',
      customerIds: 'account',
      dimensions: [{ name: 'requests' }],
    })
  })

  test('never changes a file, and refuses what cannot be a product', async () => {
    const file = join(temporaryDirectory(), 'product.json')
    writeFileSync(file, 'mine')
    await expect(init(file)).rejects.toMatchObject({ code: 'InvalidArguments' })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    const other = `${file}.new`
    for (const args of [
      ['--route', 'free'],
      ['--route', 'hourly'],
      ['--public-key', other],
    ])
      await expect(init(other, ...args)).rejects.toMatchObject({ code: 'InvalidArguments' })
    expect(existsSync(other)).toBe(false)
  })
})
