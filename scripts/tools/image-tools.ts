/**
 * Provides what `npm run test:image` needs: buildah, and base images in place of those in a registry, made
 * from Debian packages and this machine's Node. Needs Linux on x64 or arm64, and root. Uses `.cache/image`.
 */
import { execFile } from 'node:child_process'
import { access, cp, mkdir, realpath, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { needDebianPackages } from './debian-packages.ts'
import { nodeForArm64 } from './binary-tools.ts'
import { layOutRuntime, layOutRuntimeForArm64 } from './runtime-base.ts'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../.cache/image', import.meta.url))
const suite = 'bookworm'

export interface BaseImages {
  /** Node, npm and a shell, for the stage that builds. */
  readonly node: string
  /** Node and nothing else, as in Distroless. */
  readonly runtime: string
}

/** Calls buildah on a separate storage and returns its output. */
export async function buildah(...args: readonly string[]): Promise<string> {
  const storage = ['--root', join(cache, 'storage'), '--runroot', join(cache, 'run')]
  const { stdout } = await run('buildah', [...storage, ...args], {
    env: { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' },
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout.trim()
}

/** Makes both base images, after removing the images and containers of an earlier run. */
export async function baseImages(): Promise<BaseImages> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('The image is tested on Linux (x64 or arm64) as root only.')
  }
  await needDebianPackages({ buildah: '/usr/bin/buildah', debootstrap: '/usr/sbin/debootstrap' })
  await removeImages()
  const rootfs = await debian()
  return {
    node: await make('node-base', (container) => fillNodeBase(container, rootfs)),
    runtime: await make('runtime-base', (container) => fillRuntimeBase(container, rootfs)),
  }
}

/**
 * Makes a runtime base for arm64 on x64. It contains an emulator of that processor at `emulatorInBase`, and
 * every command in it must be run through that.
 */
export async function baseForArm64(): Promise<string> {
  const node = await nodeForArm64()
  return make('runtime-base-arm64', async (container) => {
    await layOutRuntimeForArm64(await buildah('mount', container), node)
    await buildah('config', '--arch', 'arm64', container)
  })
}

/** Removes every image and container of the tests, because they are large. */
export async function removeImages(): Promise<void> {
  await buildah('rm', '--all')
  await buildah('rmi', '--all', '--force')
}

async function make(image: string, fill: (container: string) => Promise<void>): Promise<string> {
  const container = await buildah('from', 'scratch')
  await fill(container)
  await buildah('commit', '--quiet', '--rm', container, image)
  return image
}

const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Installs a Debian in a folder and returns its path. The first call lasts 30 seconds. */
async function debian(): Promise<string> {
  const folder = join(cache, `debian-${suite}`)
  const isThere = await access(folder).then(
    () => true,
    () => false,
  )
  if (isThere) return folder
  const work = `${folder}-unfinished`
  await rm(work, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  const options = ['--variant=minbase', '--include=ca-certificates']
  await run('debootstrap', [...options, suite, work], { maxBuffer: 64 * 1024 * 1024 })
  await rm(join(work, 'var/cache/apt/archives'), { recursive: true, force: true })
  await rename(work, folder)
  return folder
}

/** Fills the base for the build, with what npm needs to reach its registry from this machine. */
async function fillNodeBase(container: string, rootfs: string): Promise<void> {
  const root = await buildah('mount', container)
  await run('cp', ['-a', `${rootfs}/.`, root])
  const copy = (from: string, to: string) =>
    cp(from, join(root, to), { recursive: true, dereference: true })
  await copy(process.execPath, 'usr/local/bin/node')
  await copy(await npmFolder(), 'usr/local/lib/node_modules/npm')
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  await copy('/etc/resolv.conf', 'etc/resolv.conf')
  const ownCertificates = process.env['NODE_EXTRA_CA_CERTS']
  if (ownCertificates !== undefined) await copy(ownCertificates, certificates)
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'])
  const env = [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `NODE_EXTRA_CA_CERTS=${certificates}`,
    `npm_config_registry=${registry.trim()}`,
  ]
  await buildah('config', ...env.flatMap((variable) => ['--env', variable]), container)
}

/** Returns the folder of this machine's npm. */
async function npmFolder(): Promise<string> {
  const { stdout } = await run('sh', ['-c', 'command -v npm'])
  return dirname(dirname(await realpath(stdout.trim())))
}

async function fillRuntimeBase(container: string, rootfs: string): Promise<void> {
  await layOutRuntime(await buildah('mount', container), rootfs, process.execPath)
  const env = ['--env', `SSL_CERT_FILE=${certificates}`]
  await buildah('config', ...env, '--entrypoint', '["/nodejs/bin/node"]', container)
}
