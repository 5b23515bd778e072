import {
  cpSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { buildBinary } from '../../scripts/build/build-binary.ts'
import {
  baseForArm64,
  baseImages,
  buildah,
  removeImages,
  type BaseImages,
} from '../../scripts/tools/image-tools.ts'
import { emulatorInBase } from '../../scripts/tools/runtime-base.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { readPage, tableOf } from '../docs/page.ts'
import { environmentOf, expectMainJob } from '../support/program/main-job.ts'
import { root } from '../support/program/program.ts'
import { Container } from './container.ts'
import { debianPackagesOf, npmPackagesOf } from './contents.ts'

/** The limit of the layers above the base. */
const budgetBytes = 3_100_000
/** The limit of the program. */
const programBytes = 2_200_000
const nobody = 65_532
const dataFolder = '/var/lib/marketplace-sidecar'
const productFile = '/etc/marketplace-sidecar/product.json'
const page = readPage('guides/image.md')
/** What only the emulator's image contains. */
const emulatorCode = /_emulator\/|emulator ready at/
const sellerImage = join(root, 'examples/seller-image')

/** The names of shells, package managers and download tools. */
const tools =
  /\/(a|ba|da|fi|k|tc|z)?sh$|\/(busybox|toybox|npm|npx|corepack|yarn|apt|apt-get|dpkg|apk|rpm|curl|wget|perl|python[\d.]*)$/

function toolsIn(container: Container): readonly string[] {
  return container
    .files()
    .filter((path) => tools.test(path) && !lstatSync(join(container.root, path)).isDirectory())
}

const read = (container: Container, path: string) =>
  readFileSync(join(container.root, path), 'utf8')

const containers: Container[] = []
let bases: BaseImages
let runtime: Container

async function build(tag: string, ...args: readonly string[]): Promise<void> {
  await buildOn(bases.runtime, tag, ...args)
}

async function buildOn(base: string, tag: string, ...args: readonly string[]): Promise<void> {
  const buildArgs = [`NODE_IMAGE=${bases.node}`, `RUNTIME_IMAGE=${base}`]
  const options = buildArgs.flatMap((arg) => ['--build-arg', arg])
  // With layers, the build stage is made once for both images.
  await buildah('bud', '--layers', '--format', 'docker', ...options, '--tag', tag, ...args)
}

async function open(image: string): Promise<Container> {
  const container = await Container.of(image)
  containers.push(container)
  return container
}

/** Builds a folder like examples/seller-image with this product file. */
async function buildSellerImage(
  tag: string,
  product: object,
  ...args: readonly string[]
): Promise<Container> {
  const folder = mkdtempSync(join(tmpdir(), 'seller-image-'))
  try {
    cpSync(sellerImage, folder, { recursive: true })
    writeFileSync(join(folder, 'product.json'), JSON.stringify(product), { mode: 0o600 })
    await buildah('bud', '--format', 'docker', ...args, '--tag', tag, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return open(tag)
}

beforeAll(async () => {
  bases = await baseImages()
  await build('marketplace-sidecar', root)
  runtime = await open('marketplace-sidecar')
})
afterAll(async () => {
  for (const container of containers) await container.remove()
  await removeImages()
})

describe('the configuration of the image', () => {
  test('it runs as nobody, checks health with its own command, and keeps its ledger on a volume', () => {
    expect(runtime.config).toMatchObject({
      User: `${nobody}:${nobody}`,
      Entrypoint: expect.arrayContaining(['node', '/app/main.js']),
      Cmd: ['run'],
      Volumes: { [dataFolder]: {} },
      ExposedPorts: { '9464/tcp': {} },
      Healthcheck: { Test: ['CMD', 'node', '/app/main.js', 'healthcheck'] },
    })
  })

  test('its labels name it, its licence and the version that the program prints', async () => {
    const { Labels } = runtime.config
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'marketplace-sidecar',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': manifest.version,
    })
    expect(Labels['org.opencontainers.image.description']).toMatch(/^Entitlement /)
    const printed = await runtime.run(['--version']).ended
    expect(printed).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
  })

  test('a build with another version than package.json fails', async () => {
    const other = build('other-version', '--build-arg', 'VERSION=9.9.9', root)
    await expect(other).rejects.toThrow(/VERSION is 9\.9\.9, and package\.json says/)
  })
})

describe('the contents of the image', () => {
  test('above its base it has what docs/guides/image.md lists, and nothing else', async () => {
    const base = new Set((await open(bases.runtime)).files())
    const added = runtime.files().filter((path) => !base.has(path))
    const compiled = /^\/app\/compile-cache\/v/
    expect(added.filter((path) => !compiled.test(path))).toEqual(
      tableOf(page, 'Path').map(([path]) => path),
    )
    const ofOurNode = new RegExp(`/${process.version}-\\w+-\\w+-${nobody}/`)
    expect(added.filter((path) => ofOurNode.test(path)).length).toBeGreaterThan(0)
  })

  test('there is no shell, no npm, no package manager and no source map', async () => {
    expect(toolsIn(await open(bases.node))).toEqual(
      expect.arrayContaining(['/usr/bin/dash', '/usr/bin/apt-get', '/usr/local/bin/npm']),
    )
    expect(toolsIn(runtime)).toEqual([])
    expect(runtime.files().filter((path) => path.endsWith('.map'))).toEqual([])
    expect(read(runtime, 'app/main.js').includes('sourceMappingURL')).toBe(false)
  })

  test('there is no code of the emulator', () => {
    expect(emulatorCode.test(read(runtime, 'app/main.js'))).toBe(false)
  })

  test('only the folder of the ledger belongs to the user, and others cannot enter it', () => {
    const { uid, gid, mode } = statSync(join(runtime.root, dataFolder))
    expect({ uid, gid, mode: (mode & 0o7777).toString(8) }).toEqual({
      uid: nobody,
      gid: nobody,
      mode: '700',
    })
    const ours = runtime.files().filter((path) => /^\/(app|etc)\b/.test(path))
    const changeable = ours.filter((path) => {
      const stat = lstatSync(join(runtime.root, path))
      return stat.uid !== 0 || (!stat.isSymbolicLink() && (stat.mode & 0o022) !== 0)
    })
    expect(changeable).toEqual([])
  })

  test('it is small, and everything in it is listed', () => {
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`
    const [base = 0, ...ours] = runtime.layers
    const lines = [`the base: ${megabytes(base)}`, `above it: ${ours.map(megabytes).join(', ')}`]
    const npm = npmPackagesOf(runtime.root)
    const debian = debianPackagesOf(runtime.root)
    console.log(
      [
        ...lines,
        `npm packages in main.js: ${npm.join(', ')}`,
        `Debian packages in the base: ${debian.join(', ')}`,
      ].join('\n'),
    )
    expect(npm).toContainEqual(expect.stringMatching(/^fastify \d/))
    expect(debian).toContainEqual(expect.stringMatching(/^libc6 \d/))
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(budgetBytes)
    expect(statSync(join(runtime.root, 'app/main.js')).size).toBeLessThan(programBytes)
    expect(page).toContain(`in one file; under ${programBytes / 1_000_000} MB`)
    expect(page.replaceAll(/\s+/g, ' ')).toContain(
      `Above the base these are less than ${budgetBytes / 1_000_000} MB.`,
    )
  })

  test('V8 accepts its compiled form when it starts', async () => {
    const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const { out, err } = await runtime.run(['--version'], env).ended
    expect(out + err).toMatch(/V8 code cache for CommonJS \/app\/main\.js was accepted/)
  })
})

describe('the running image', () => {
  /** Returns every folder in which it can make a file. */
  const probe = `const { readdirSync, writeFileSync, rmSync } = require('node:fs')
    const found = []
    const visit = (folder) => {
      try {
        const file = folder + '/probe'
        writeFileSync(file, '')
        rmSync(file)
        found.push(folder)
      } catch {}
      let entries = []
      try {
        entries = readdirSync(folder, { withFileTypes: true })
      } catch {}
      for (const entry of entries)
        if (entry.isDirectory() && entry.name !== 'proc') visit(folder.replace(/\\/$/, '') + '/' + entry.name)
    }
    visit('/')
    console.log(JSON.stringify([process.getuid(), process.getgid(), process.cwd(), found]))`
  const probed = async (mode: 'ro' | 'rw'): Promise<unknown> => {
    const { out, err } = await runtime.exec(['node', '-e', probe], {}, mode).ended
    expect(err).toBe('')
    return JSON.parse(out)
  }

  test('can write its data folder and nothing else on a read-only root', async () => {
    expect(await probed('ro')).toEqual([nobody, nobody, '/app', [dataFolder]])
  })

  test('can write only its data folder among ours if the root is not read-only', async () => {
    const folders = ((await probed('rw')) as unknown[])[3]
    expect(folders).toEqual(['/home/nonroot', '/tmp', dataFolder])
  })

  test('has the command marketplace-sidecar on PATH, as every page and log line names it', async () => {
    const command = (...args: readonly string[]) =>
      runtime.exec(['marketplace-sidecar', ...args], {}).ended
    expect(await command('--version')).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
    const { code, err } = await command('ledger', 'show')
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^LedgerNotFound: .*\/var\/lib\/marketplace-sidecar/),
    })
  })

  test('does not start without settings, and lists what is missing with exit code 2', async () => {
    const { code, out, err } = await runtime.run([]).ended
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^InvalidSettings: .*\n- SIDECAR_PRODUCT_CODE: /)
  })
})

describe('a seller’s image', () => {
  let seller: Container
  const example = JSON.parse(readFileSync(join(sellerImage, 'product.json'), 'utf8')) as {
    productCode: string
    trustedProductCodes: string[]
  }
  beforeAll(async () => {
    seller = await buildSellerImage('seller', example)
  })

  test('has the seller’s product, which its own command accepts', async () => {
    const { code, out, err } = await seller.run(['product', 'check', productFile]).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(example.productCode)
  })

  test('keeps the configuration of the sidecar’s image', () => {
    const { User, Entrypoint, Cmd, Healthcheck } = runtime.config
    expect(seller.config).toMatchObject({ User, Entrypoint, Cmd, Healthcheck })
  })

  test('refuses a product code that it does not trust, with exit code 2', async () => {
    const aws = { url: 'http://127.0.0.1:9', records: async () => [] }
    const env = { ...(await environmentOf(aws)), SIDECAR_PRODUCT_CODE: 'someone-elses-product' }
    const { code, out, err } = await seller.run([], env).ended
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(`"someone-elses-product" is not one that ${productFile} trusts`)
  })

  test('refuses another route, key or dimension from outside, with exit code 2', async () => {
    const { code, err } = await seller.run([], { SIDECAR_ROUTE: 'hourly' }).ended
    expect(code).toBe(2)
    expect(err).toContain(`SIDECAR_ROUTE: the product file ${productFile} decides this`)
  })
})

test('the Dockerfile on the page makes an image of the single executable', async () => {
  const text = /^```Dockerfile\n(ARG BASE_IMAGE=.*?)^```$/ms.exec(page)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'executable-image-'))
  try {
    writeFileSync(join(folder, 'Dockerfile'), text)
    cpSync(join(sellerImage, 'product.json'), join(folder, 'product.json'))
    await buildBinary(join(folder, 'marketplace-sidecar'))
    const base = `BASE_IMAGE=${bases.runtime}`
    await buildah('bud', '--format', 'docker', '--build-arg', base, '--tag', 'executable', folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
  const image = await open('executable')
  const { code, out, err } = await image.run(['product', 'check', productFile]).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('4a2bexampleproductcode')
  const [, ...healthCommand] = image.config.Healthcheck.Test
  const env = { SIDECAR_OPS_LISTEN: '127.0.0.1:9' }
  expect((await image.exec(healthCommand, env).ended).err).toMatch(/\/livez did not answer: /)
}, 120_000)

describe('next to the emulator’s image', () => {
  let emulator: Container
  beforeAll(async () => {
    await build('marketplace-sidecar-emulator', '--target', 'emulator', root)
    emulator = await open('marketplace-sidecar-emulator')
  })

  /** Starts a separate AWS with the product that it sells. */
  async function startAws() {
    const program = emulator.run(['--port', '0'])
    const [, port = ''] = await program.printed(/^emulator ready at \S+:(\d+) /m)
    const url = `http://127.0.0.1:${port}`
    const records = async () => {
      const answer = await fetch(`${url}/_emulator/records`)
      return ((await answer.json()) as { records: object[] }).records
    }
    const publicKey = await (await fetch(`${url}/_emulator/public-key`)).text()
    const product = {
      productCode: demoProduct.productCode,
      publicKeys: { [demoProduct.publicKeyVersion]: publicKey },
      route: 'both',
      dimensions: demoProduct.dimensions,
      // Only the file in the image may name another endpoint than AWS's.
      settings: { SIDECAR_AWS_ENDPOINT: url },
    }
    const { SIDECAR_AWS_ENDPOINT: _, ...env } = await environmentOf({ url, records })
    return { program, aws: { url, records }, env, product }
  }

  test('a seller’s image does its complete job, from the proof to the record', async () => {
    expect(emulator.config).toMatchObject({ User: `${nobody}:${nobody}` })
    expect(toolsIn(emulator)).toEqual([])
    expect(emulatorCode.test(read(emulator, 'app/emulator.js'))).toBe(true)
    const { program, aws, env: settings, product } = await startAws()
    const seller = await buildSellerImage('seller-of-demo', product)
    const [kind, ...healthCommand] = seller.config.Healthcheck.Test
    expect(kind).toBe('CMD')
    await expectMainJob(
      {
        start: (args, env) => seller.run(args, env),
        checkHealth: (env) => seller.exec(healthCommand, env),
      },
      aws,
      settings,
    )
    program.signal('SIGTERM')
    expect(await program.ended).toMatchObject({ code: 0, err: '' })
  }, 300_000)

  test.runIf(process.arch === 'x64')(
    'so does one on a base for arm64, run by an emulator of that processor',
    async () => {
      await buildOn(await baseForArm64(), 'marketplace-sidecar-arm64', root)
      const { program, aws, env: settings, product } = await startAws()
      const image = 'SIDECAR_IMAGE=marketplace-sidecar-arm64'
      const seller = await buildSellerImage('seller-on-arm64', product, '--build-arg', image)
      const [, ...healthCommand] = seller.config.Healthcheck.Test
      // Node by its path, because the emulator does not search for it.
      const exec = ([, ...args]: readonly string[], env: Readonly<Record<string, string>>) =>
        seller.exec([emulatorInBase, '/nodejs/bin/node', ...args], env)
      expect((await exec(['node', '-p', 'process.arch'], {}).ended).out).toBe('arm64\n')
      await expectMainJob(
        {
          start: (args, env) => exec([...seller.config.Entrypoint, ...args], env),
          checkHealth: (env) => exec(healthCommand, env),
        },
        aws,
        settings,
      )
      program.signal('SIGTERM')
      expect(await program.ended).toMatchObject({ code: 0, err: '' })
    },
    300_000,
  )
})
