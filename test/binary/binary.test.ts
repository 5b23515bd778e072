import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { emulatorOfArm64, nodeForArm64 } from '../../scripts/tools/binary-tools.ts'
import { buildBinary } from '../../scripts/build/build-binary.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { environmentOf, expectMainJob, type Packed } from '../support/program/main-job.ts'
import {
  startCommand,
  startEmulatorProgram,
  temporaryDirectory,
} from '../support/program/program.ts'

/** How much larger than Node the executable may be, in millions of bytes. */
const budgetMB = 4

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'binary-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The executable alone, in an empty directory, without this machine's environment. */
function packedIn(directory: string, ...command: readonly string[]): Packed {
  const start: Packed['start'] = (args, env) => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    return startCommand('/usr/bin/env', ['-i', '-C', directory, ...variables, ...command, ...args])
  }
  return { start, checkHealth: (env) => start(['healthcheck'], env) }
}

/** Proves, accepts usage and flushes. The product comes from files next to it, as in a seller's image. */
async function expectItWorks(...command: readonly string[]): Promise<void> {
  const aws = await startEmulatorProgram()
  const files = temporaryDirectory()
  const product = join(files, 'product.json')
  const publicKey = await (await fetch(`${aws.url}/_emulator/public-key`)).text()
  writeFileSync(
    product,
    JSON.stringify({
      productCode: demoProduct.productCode,
      publicKeys: { [demoProduct.publicKeyVersion]: publicKey },
      route: 'both',
      dimensions: ['requests'],
    }),
  )
  const env = {
    ...(await environmentOf(aws)),
    SIDECAR_PRODUCT_FILE: product,
    SIDECAR_DATA_DIR: join(files, 'data'),
  }
  await expectMainJob(packedIn(temporaryDirectory(), ...command), aws, env)
}

describe('the single executable', () => {
  let bytes: number
  const executable = () => join(folder, 'marketplace-sidecar')
  beforeAll(async () => {
    bytes = await buildBinary(executable())
    console.log(`${(bytes / 1e6).toFixed(1)} MB`)
  })

  test('does its job from an empty directory without Node, PATH or any other file', async () => {
    await expectItWorks(executable())
  })

  test('prints its version, and ends with exit code 2 after wrong arguments', async () => {
    const packed = packedIn(temporaryDirectory(), executable())
    const version = { code: 0, out: `${manifest.version}\n`, err: '' }
    expect(await packed.start(['--version'], {}).ended).toEqual(version)
    expect(await packed.start(['dance'], {}).ended).toMatchObject({ code: 2, out: '' })
    const leftOut = await packed.start(['demo'], {}).ended
    expect(leftOut.err).toMatch(/not part of the image/)
  })

  test('runs with the flags of the image', async () => {
    const probe = join(temporaryDirectory(), 'probe.cjs')
    writeFileSync(probe, 'console.log(process.execArgv.join(" "))')
    const env = { NODE_OPTIONS: `--require ${probe}` }
    const { out } = await packedIn(temporaryDirectory(), executable()).start(['--version'], env)
      .ended
    const [flags] = out.split('\n')
    expect(flags).toMatch(
      /^--max-semi-space-size=\d+ --initial-old-space-size=\d+ --heap-growing-percent=\d+ --no-maglev --no-sparkplug --expose-gc --disable-sigusr1$/,
    )
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')
    expect(dockerfile).toContain(` ${flags} /app/main.js\n`)
  })

  test('is only a little larger than Node', () => {
    const node = readFileSync(process.execPath).length
    expect(bytes).toBeLessThan(node + budgetMB * 1_000_000)
  })

  test('has the licences of its contents next to it', () => {
    const licences = readFileSync(`${executable()}-THIRD-PARTY-LICENSES.txt`, 'utf8')
    expect(licences).toMatch(/^fastify \d/m)
  })
})

describe('the single executable for another processor', () => {
  test.runIf(process.arch === 'x64')(
    'is made on x64 from Node for arm64, and does its job there',
    async () => {
      const executable = join(folder, 'marketplace-sidecar-arm64')
      await buildBinary(executable, await nodeForArm64())
      await expectItWorks(...emulatorOfArm64, executable)
    },
    300_000,
  )

  test('is refused when its Node is another version, which would not start', async () => {
    const other = join(folder, 'other-node')
    writeFileSync(other, 'node-v24.0.0.tar.gz', { mode: 0o644 })
    await expect(buildBinary(join(folder, 'never'), other)).rejects.toThrow(/Use the same version/)
  })
})
